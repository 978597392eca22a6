"""The errors: their tree, what each knows, and that it survives a process."""

import pickle

import grpc
import pytest
from PIL import Image

import photochrom
from photochrom import Colorizer, _errors
from tests.client import scripted

ERRORS = [getattr(photochrom, name) for name in photochrom.__all__ if name.endswith("Error")]


def _drawn(kind: type, prefix: str = "", branch: str = "") -> list[str]:
    lines = [prefix + branch + kind.__name__]
    below: list[type] = kind.__subclasses__()
    inner = prefix + {"": "", "├── ": "│   ", "└── ": "    "}[branch]
    for number, child in enumerate(below, 1):
        lines += _drawn(child, inner, "└── " if number == len(below) else "├── ")
    return lines


def test_the_tree_that_is_drawn_is_the_tree_that_is() -> None:
    drawn = (_errors.__doc__ or "").split("::", 1)[1].split("Each message", maxsplit=1)[0]
    names = [
        line[4:].split("   ")[0] if "──" not in line else _trunk(line[4:]) for line in drawn.splitlines()
    ]
    assert [name for name in names if name] == _drawn(photochrom.PhotochromError)


def _trunk(line: str) -> str:
    """A line of the tree as far as its name."""
    before, mark, after = line.partition("── ")
    return before + mark + after.split()[0]


def test_every_error_is_exported() -> None:
    assert len(ERRORS) == len(_drawn(photochrom.PhotochromError))


@pytest.mark.parametrize("kind", ERRORS[:], ids=lambda kind: kind.__name__)
def test_an_error_survives_a_process_with_all_that_it_knows(kind: type[photochrom.PhotochromError]) -> None:
    if issubclass(kind, (photochrom.PictureError, photochrom.ServerError)):
        error: photochrom.PhotochromError = kind("where", "what was wrong")
        assert str(error) == "where: what was wrong"
    else:
        error = kind("what was wrong")
        assert str(error) == "what was wrong"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


def test_a_servers_error_knows_the_photograph_that_it_is_about(
    target: str, service: scripted.Colorizer, gradient: Image.Image
) -> None:
    gradient.filename = "grandmother.jpg"  # type: ignore[attr-defined]  # as Image.open sets it
    service.failures = [(grpc.StatusCode.INTERNAL, "it broke")]
    with Colorizer(target) as colorizer, pytest.raises(photochrom.ServerError) as caught:
        colorizer.colorize(gradient)
    assert caught.value.source == "grandmother.jpg"
    assert "INTERNAL" in caught.value.reason
