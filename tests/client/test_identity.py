"""A client's token and certificate, before a real server that asks for them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from photochrom import AsyncColorizer, AuthenticationError, Colorizer, TargetError, UnreachableError
from photochrom._identity import Identity
from photochrom_serving import tokens
from tests.serving.conftest import make_certificate, serving

PHOTOGRAPH = Image.new("L", (40, 30), 90)
NO_TOKEN = "send a token"


@pytest.fixture(scope="module")
def token() -> str:
    return "photochrom_for-tests"


@pytest.fixture
def target(model_repository: Path, tmp_path: Path, token: str) -> Iterator[str]:
    """Of a server that asks for a token."""
    (tmp_path / "tokens").write_text(f"tests {tokens.hash_of(token).hex()}\n")
    with serving(model_repository, "--tokens", str(tmp_path / "tokens")) as server:
        yield server.target


def test_a_token_lets_in_given_or_from_the_environment(
    target: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Colorizer(target) as colorizer, pytest.raises(AuthenticationError, match=NO_TOKEN):
        colorizer.colorize(PHOTOGRAPH)
    with Colorizer(target, token=token) as colorizer:
        assert colorizer.colorize(PHOTOGRAPH).size == PHOTOGRAPH.size
        assert all(outcome.picture for outcome in colorizer.colorize_many([PHOTOGRAPH] * 3))
    monkeypatch.setenv("PHOTOCHROM_TOKEN", f"{token}\n")  # as a file's content is
    with Colorizer(target) as colorizer:
        colorizer.colorize(PHOTOGRAPH)
    with Colorizer(target, token="") as colorizer, pytest.raises(AuthenticationError, match=NO_TOKEN):
        colorizer.colorize(PHOTOGRAPH)


def test_on_asyncio_too(target: str, token: str) -> None:
    async def scenario() -> None:
        async with AsyncColorizer(target, token=token) as colorizer:
            assert (await colorizer.colorize(PHOTOGRAPH)).size == PHOTOGRAPH.size
        async with AsyncColorizer(target) as colorizer:
            with pytest.raises(AuthenticationError, match=NO_TOKEN):
                await colorizer.colorize(PHOTOGRAPH)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "target", ["photochrom.example:8500", "grpc://192.0.2.1:8500", "localhost.example:1"]
)
def test_a_token_does_not_go_over_the_network_in_the_clear(target: str, token: str) -> None:
    with Colorizer(target, token=token) as colorizer, pytest.raises(TargetError, match="grpcs://") as caught:
        colorizer.colorize(PHOTOGRAPH)
    assert token not in str(caught.value)
    assert token not in repr(Identity(token=token))


def test_a_client_certificate_lets_in(
    model_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = make_certificate(tmp_path)
    (tmp_path / "client").mkdir()
    client_certificate, client_key = make_certificate(tmp_path / "client")
    together = tmp_path / "client.pem"
    flags = ("--tls-certificate", str(certificate), "--tls-key", str(key), "--host", "localhost")
    with serving(model_repository, *flags, "--tls-client-ca", str(client_certificate)) as server:
        target = f"grpcs://{server.target}"
        for parts in ((client_certificate, client_key), (client_key, client_certificate)):
            together.write_bytes(b"".join(part.read_bytes() for part in parts))
            with Colorizer(target, root_certificates=certificate, client_certificate=together) as colorizer:
                assert colorizer.colorize(PHOTOGRAPH).size == PHOTOGRAPH.size
        monkeypatch.setenv("PHOTOCHROM_CLIENT_CERTIFICATE", str(together))
        with Colorizer(target, root_certificates=certificate) as colorizer:
            colorizer.colorize(PHOTOGRAPH)
        monkeypatch.delenv("PHOTOCHROM_CLIENT_CERTIFICATE")
        with Colorizer(target, root_certificates=certificate) as colorizer, pytest.raises(UnreachableError):
            colorizer.colorize(PHOTOGRAPH)
