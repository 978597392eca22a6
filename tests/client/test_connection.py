"""No server, the wrong server, the wrong encryption: one line that names the target and what to try."""

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import photochrom
import pytest
import trustme
from photochrom import Colorizer, colorize

from tests.client import scripted


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_target(authority: trustme.CA, service: scripted.Colorizer) -> Iterator[str]:
    certificate = authority.issue_cert("localhost")
    pair = (certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes())
    with scripted.serve(service, grpc.ssl_server_credentials([pair])) as name:
        yield name


@contextlib.contextmanager
def _web_server() -> Iterator[str]:
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("localhost", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"localhost:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _failure(target: str, photo: Path, timeout: float = 10.0) -> photochrom.ServerError:
    with Colorizer(target, timeout=timeout) as colorizer, pytest.raises(photochrom.ServerError) as caught:
        colorizer.colorize(photo)
    assert str(caught.value).startswith(f"{target}: ")
    assert "\n" not in str(caught.value)
    return caught.value


def test_tls_with_an_authority_of_ones_own(
    tls_target: str, authority: trustme.CA, photo: Path, tmp_path: Path
) -> None:
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    for certificates in (file, authority.cert_pem.bytes()):
        with Colorizer(f"grpcs://{tls_target}", root_certificates=certificates) as colorizer:
            assert colorizer.colorize(photo).size == (90, 60)


def test_a_unix_socket(service: scripted.Colorizer, photo: Path, tmp_path: Path) -> None:
    with scripted.serve(service, address=f"unix:{tmp_path}/server.sock") as target:
        assert colorize(photo, target).size == (90, 60)


def test_the_environment_names_the_target(target: str, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_TARGET", target)
    assert colorize(photo).size == (90, 60)


def test_no_server_at_the_target(photo: Path) -> None:
    with socket.socket() as bound:  # bound and not listening: nobody else gets the port
        bound.bind(("127.0.0.1", 0))
        error = _failure(f"127.0.0.1:{bound.getsockname()[1]}", photo)
    assert type(error) is photochrom.UnreachableError
    assert "no server listens there: start one" in str(error)


def test_no_such_host(photo: Path) -> None:
    error = _failure("no-such-host.invalid:8500", photo)
    assert "no such host" in str(error)


def test_no_such_socket(photo: Path, tmp_path: Path) -> None:
    assert "no server listens there" in str(_failure(f"unix:{tmp_path}/absent.sock", photo))


def test_a_server_that_never_answers(photo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        error = _failure(f"127.0.0.1:{mute.getsockname()[1]}", photo, timeout=0.5)
    assert type(error) is photochrom.DeadlineError
    assert "no answer within 0.5 s" in str(error)


def test_the_port_of_a_web_server(photo: Path) -> None:
    with _web_server() as target:
        assert "check the port" in str(_failure(target, photo))


def test_the_port_of_another_grpc_service(photo: Path) -> None:
    with scripted.serve(None) as target:
        error = _failure(target, photo)
    assert type(error) is photochrom.UnreachableError
    assert "not Photochrom: check the port" in str(error)


def test_tls_to_a_plaintext_server(target: str, photo: Path) -> None:
    assert "name it with grpc://" in str(_failure(f"grpcs://{target}", photo))


def test_plaintext_to_a_tls_server(tls_target: str, photo: Path) -> None:
    assert "name it with grpcs://" in str(_failure(tls_target, photo))


def test_a_certificate_of_an_unknown_authority(tls_target: str, photo: Path) -> None:
    assert "--root-certificates" in str(_failure(f"grpcs://{tls_target}", photo))


def test_a_certificate_for_another_host(tls_target: str, authority: trustme.CA, photo: Path) -> None:
    target = tls_target.replace("localhost", "grpcs://127.0.0.1")
    with (
        Colorizer(target, root_certificates=authority.cert_pem.bytes()) as colorizer,
        pytest.raises(photochrom.UnreachableError, match="another host name"),
    ):
        colorizer.colorize(photo)


def test_certificates_that_cannot_be_read(photo: Path) -> None:
    with pytest.raises(photochrom.TargetError, match=r"absent\.pem: cannot read the certificates"):
        Colorizer("grpcs://localhost:8500", root_certificates="absent.pem").colorize(photo)
