"""``photochrom-export``, from a SavedModel to a published version."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from photochrom_contract.description import Description
from photochrom_contract.manifest import Manifest
from photochrom_export.cli import main

Completed = subprocess.CompletedProcess[str]


@pytest.fixture(params=["unet", "koala"])
def version(request: pytest.FixtureRequest, repository: Path) -> Path:
    """The folder of a published version."""
    done = request.getfixturevalue(f"{request.param}_export")
    assert done.returncode == 0, done.stderr
    return repository / str(request.param) / ("1" if request.param == "unet" else "7")


@pytest.fixture
def graph(version: Path) -> onnx.GraphProto:
    return onnx.load(version / "model.onnx").graph


def test_a_version_is_the_model_its_manifest_and_its_card(version: Path) -> None:
    assert sorted(path.name for path in version.iterdir()) == ["README.md", "manifest.json", "model.onnx"]
    manifest = Manifest.read(version)
    assert manifest.verify(version) == version / "model.onnx"
    assert (manifest.name, manifest.version) == (version.parent.name, int(version.name))
    assert (manifest.sizes, manifest.default_size) == ((32, 64), 64)
    assert manifest.chroma_stride == (2 if manifest.name == "unet" else 1)
    assert manifest.provenance["licence"] == "Apache-2.0"
    assert manifest.provenance["export"]["parity"]["batches"] == [1, 2]


def test_nothing_else_is_left_in_the_repository(version: Path, repository: Path) -> None:
    assert {path.name for path in repository.iterdir()} <= {"unet", "koala"}
    assert not list(repository.rglob(".*"))


def test_tensors_and_axes_have_the_contracts_names(graph: onnx.GraphProto) -> None:
    def axes(value: onnx.ValueInfoProto) -> list[Any]:
        return [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]

    assert {value.name: axes(value) for value in graph.input} == {
        "lightness": ["batch", 1, "height", "width"]
    }
    assert {value.name: axes(value) for value in graph.output} == {
        "chroma": ["batch", 2, "chroma_height", "chroma_width"]
    }


def test_only_what_computes_is_left_in_the_graph(graph: onnx.GraphProto) -> None:
    counts = Counter(node.op_type for node in graph.node)
    gone = [
        "Transpose",
        "Reshape",
        "BatchNormalization",
        "Gather",
        "Slice",
        "Squeeze",
        "Tile",
        "Pad",
        "Identity",
    ]
    assert {operation: counts[operation] for operation in gone} == dict.fromkeys(gone, 0)
    assert counts["Shape"] == 1  # the feature map's height and width, for the embedding
    constants = {tensor.name for tensor in graph.initializer}
    resizes = [node for node in graph.node if node.op_type == "Resize"]
    assert resizes
    assert all(node.input[-1] in constants for node in resizes)


def test_no_name_of_the_conversion_is_left(graph: onnx.GraphProto) -> None:
    assert not graph.value_info
    names = [name for node in graph.node for name in (*node.input, *node.output)]
    assert not [name for name in names if "PartitionedCall" in name or "__" in name or ":" in name]


def test_any_batch_height_and_width_runs(version: Path) -> None:
    session = onnxruntime.InferenceSession(version / "model.onnx", providers=["CPUExecutionProvider"])
    stride = Manifest.read(version).chroma_stride
    for batch, height, width in ((1, 32, 32), (3, 48, 80)):
        lightness = np.full((batch, 1, height, width), 50, np.float32)
        chroma = session.run(["chroma"], {"lightness": lightness})[0]
        assert chroma.shape == (batch, 2, height // stride, width // stride)


def test_it_says_what_it_did_and_how_far_the_runtimes_differ(unet_export: Completed) -> None:
    lines = unet_export.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["converted", "cleaned", "stored", "proven", "published"]
    assert "2 Transpose" in lines[0]
    assert "0 Transpose, 0 Reshape" in lines[1]
    assert "2 photographs, sizes 32, 64, batches 1, 2: largest difference" in lines[3]
    assert unet_export.stderr == ""


def test_the_card_is_what_people_wrote_with_the_facts_in_their_place(
    koala_export: Completed, repository: Path
) -> None:
    card = (repository / "koala" / "7" / "README.md").read_text()
    written, facts, limits = (
        card.index("Written by people."),
        card.index("## This file"),
        card.index("## Limits"),
    )
    assert written < facts < limits
    assert Manifest.read(repository / "koala" / "7").sha256 in card
    assert "| data: photographs | 3 |" in card


def test_above_the_bound_nothing_is_published(
    run_export: Any, saved_models: Path, photographs: Path, tmp_path: Path
) -> None:
    options = ["--photographs", photographs, "--max-difference", "1e-9"]
    refused = run_export(saved_models / "unet", tmp_path / "models", *options)
    assert refused.returncode == 1
    assert "a*b* units" in refused.stderr
    assert "above the bound of 1e-09: not published" in refused.stderr
    assert not (tmp_path / "models").exists()


def test_a_narrower_network_says_what_it_spent(
    run_export: Any, saved_models: Path, photographs: Path, tmp_path: Path
) -> None:
    options = ["--photographs", photographs, "--narrow", "20", "--max-difference", "200"]
    done = run_export(saved_models / "unet", tmp_path / "models", *options)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("narrowed"))
    facts = Manifest.read(tmp_path / "models" / "unet" / "1").provenance["export"]
    assert facts["narrowed"] in line
    assert 0 < facts["narrowed_rms_change"] <= 20


def test_a_published_version_is_never_overwritten(
    run_export: Any, unet_export: Completed, saved_models: Path, photographs: Path, repository: Path
) -> None:
    before = (repository / "unet" / "1" / "manifest.json").read_bytes()
    refused = run_export(saved_models / "unet", repository, "--photographs", photographs, "--version", "1")
    assert refused.returncode == 2
    assert "is published already" in refused.stderr
    assert (repository / "unet" / "1" / "manifest.json").read_bytes() == before


def test_bad_input_is_named_in_one_line(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("not-a-picture.jpg").write_text("no")
    Path("empty").mkdir()
    Path("broken").mkdir()
    Path("broken/saved_model.pb").write_bytes(b"\xff\xff")
    shutil.copytree("broken", "model")
    Description("model", "A model.", (32,), 32).write(Path("model"))
    good = ["--photographs", str(photographs)]
    for arguments, complaint in (
        (["missing", "models", *good], "missing: not a SavedModel"),
        (["broken", "models", *good], "photochrom.json: not a readable description"),
        (["missing", "models"], "missing: not a SavedModel"),  # before what it takes to prove it
        (["model", "not-a-picture.jpg"], "not-a-picture.jpg: a file; a model repository is a folder"),
        (["model", "models", "--version", str(1 << 63)], "no request has room for a version above"),
        (["model", "models", *good], "model: TensorFlow cannot load it"),
        (["model", "models"], "give a folder, a tar archive or pictures with --photographs"),
        (["model", "models", "--photographs", "nowhere"], "nowhere: no such file or folder"),
        (["model", "models", "--photographs", "empty"], "no photographs in"),
        (["model", "models", "--photographs", "not-a-picture.jpg"], "not a readable picture"),
        (["model", "models", *good, "--card", "none.md"], "none.md: not a readable model card"),
    ):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert complaint in said
        assert len(said.splitlines()) == 1
    assert not Path("models").exists()


def test_a_size_that_the_network_cannot_take_is_named(
    run_export: Any, saved_models: Path, photographs: Path, tmp_path: Path
) -> None:
    shutil.copytree(saved_models / "unet", tmp_path / "unet")
    Description("unet", "A U-Net that halves planes four times.", (32, 36), 32).write(tmp_path / "unet")
    refused = run_export(tmp_path / "unet", tmp_path / "models", "--photographs", photographs)
    assert refused.returncode == 2
    assert "unet: the network cannot take a plane of 36 x 36: ConcatOp" in refused.stderr
    assert "leave this size out of the model's description" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("text", ["abc", "-1", "nan", "inf"])
def test_a_bound_that_is_no_number_is_refused_in_plain_words(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["model", "models", f"--max-difference={text}"])
    said = capsys.readouterr().err
    assert f"--max-difference: must be a number, 0 or above, not '{text}'" in said


def test_help_describes_every_option_without_tensorflow() -> None:
    script = (
        "import sys; from photochrom_export.cli import main\n"
        "try: main(['--help'])\n"
        "finally: assert not {'tensorflow', 'onnx'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    for option in (
        "--version",
        "--card",
        "--photographs",
        "--precision",
        "--narrow",
        "--max-difference",
        "exit status",
    ):
        assert option in done.stdout
