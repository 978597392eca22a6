"""Every relative link and picture of every Markdown file leads to something in the repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

_LINK = re.compile(r"\]\((?!\w+:|#)(?P<place>[^)\s#]+)|\bsrc=\"(?!\w+:)(?P<picture>[^\"]+)\"")


def pages() -> list[Path]:
    """The Markdown files that git knows, or would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    paths = [ROOT / name for name in sorted(filter(None, listed.stdout.split("\0")))]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    places = [match["place"] or match["picture"] for match in _LINK.finditer(page.read_text("utf-8"))]

    assert [place for place in places if not (page.parent / place).exists()] == []


def test_there_are_links_to_follow() -> None:
    assert any(_LINK.search(page.read_text("utf-8")) for page in pages())
