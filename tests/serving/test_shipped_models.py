"""The models of this repository: whole, described, and answering as their manifests say."""

from pathlib import Path

import pytest

from photochrom_contract.manifest import MANIFEST_FILE, Manifest
from photochrom_serving.session import Session
from photochrom_serving.settings import Settings

MODELS = Path(__file__).parents[2] / "models"
VERSIONS = sorted(path.parent for path in MODELS.rglob(MANIFEST_FILE))


def test_there_are_the_default_model_one_for_cpus_and_those_of_the_two_papers() -> None:
    names = {str(version.parent.relative_to(MODELS)) for version in VERSIONS}
    assert names == {"photochrom", "photochrom-small", "reference/koala", "reference/colorful"}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: str(version.relative_to(MODELS)))
def test_each_is_whole_has_a_card_and_answers_at_all_of_its_sizes(version: Path) -> None:
    manifest = Manifest.read(version)
    session = Session(manifest.verify(version), manifest, Settings(warm_up=False))

    assert (manifest.name, str(manifest.version)) == (version.parent.name, version.name)
    assert f"# {manifest.name} {manifest.version}\n" in (version / "README.md").read_text("utf-8")
    assert session.has_temperature == (manifest.name == "colorful")
    for size in manifest.sizes:
        session.check(size)


def test_all_files_together_are_small_enough_to_clone() -> None:
    assert sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file()) < 150e6
