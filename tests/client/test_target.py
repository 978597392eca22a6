"""How people name a server."""

import pytest

from photochrom import TargetError
from photochrom._target import Target


@pytest.mark.parametrize(
    ("text", "address", "secure"),
    [
        ("localhost:8500", "localhost:8500", False),
        ("grpc://color.example.org:8500", "color.example.org:8500", False),
        ("grpcs://color.example.org:443", "color.example.org:443", True),
        ("[::1]:8500", "[::1]:8500", False),
        ("grpcs://10.0.0.7:1", "10.0.0.7:1", True),
        ("unix:/run/photochrom.sock", "unix:/run/photochrom.sock", False),
        ("unix:relative.sock", "unix:relative.sock", False),
    ],
)
def test_the_forms(text: str, address: str, secure: bool) -> None:
    assert Target.parse(text) == Target(text, address, secure)


@pytest.mark.parametrize(
    "text",
    [
        "localhost",
        "localhost:",
        ":8500",
        "localhost:0",
        "localhost:65536",
        "localhost:port",
        "http://localhost:8500",
        "https://localhost:8500",
        "grpc://localhost:8500/path",
        "grpc://grpcs://localhost:8500",
        "::1:8500",
        "unix:",
        "two words:8500",
    ],
)
def test_anything_else_is_an_error_that_shows_the_forms(text: str) -> None:
    with pytest.raises(TargetError, match=r"grpcs://host:port \(TLS\)") as caught:
        Target.parse(text)
    assert text in str(caught.value)
