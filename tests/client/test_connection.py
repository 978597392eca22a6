"""No server, the wrong server, the wrong encryption: one line that names the target and what to try."""

import contextlib
import http.server
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import grpc
import pytest

import photochrom
from photochrom import Colorizer, colorize
from tests.client import scripted


class Certificate(NamedTuple):
    """A certificate that signs itself, as PEM."""

    chain: bytes
    key: bytes


def _issue(folder: Path, name: str) -> Certificate:
    if shutil.which("openssl") is None:
        pytest.skip("a certificate is made by the openssl command, which is not installed")
    folder.mkdir()
    command = "openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2"
    files = ["-keyout", "key.pem", "-out", "chain.pem"]
    subprocess.run(
        [*command.split(), "-subj", "/CN=photochrom", "-addext", f"subjectAltName={name}", *files],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return Certificate((folder / "chain.pem").read_bytes(), (folder / "key.pem").read_bytes())


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return _issue(tmp_path / "certificate", "IP:127.0.0.1")


@pytest.fixture
def tls_target(certificate: Certificate, service: scripted.Colorizer) -> Iterator[str]:
    credentials = grpc.ssl_server_credentials([(certificate.key, certificate.chain)])
    with scripted.serve(service, credentials) as name:
        yield name


@contextlib.contextmanager
def _web_server() -> Iterator[str]:
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _failure(target: str, photo: Path, timeout: float = 10.0) -> photochrom.ServerError:
    with Colorizer(target, timeout=timeout) as colorizer, pytest.raises(photochrom.ServerError) as caught:
        colorizer.colorize(photo)
    assert str(caught.value).startswith(f"{target}: ")
    assert "\n" not in str(caught.value)
    return caught.value


def test_tls_with_a_certificate_of_ones_own(
    tls_target: str, certificate: Certificate, photo: Path, tmp_path: Path
) -> None:
    for trusted in (tmp_path / "certificate" / "chain.pem", certificate.chain):
        with Colorizer(f"grpcs://{tls_target}", root_certificates=trusted) as colorizer:
            assert colorizer.colorize(photo).size == (90, 60)


def test_a_unix_socket(service: scripted.Colorizer, photo: Path, tmp_path: Path) -> None:
    with scripted.serve(service, address=f"unix:{tmp_path}/server.sock") as target:
        assert colorize(photo, target).size == (90, 60)


def test_the_environment_names_the_target(target: str, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOCHROM_TARGET", target)
    assert colorize(photo).size == (90, 60)


def test_a_server_on_this_machine_is_not_looked_for_behind_a_proxy(
    service: scripted.Colorizer, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _web_server() as proxy, scripted.serve(service) as target:
        monkeypatch.setenv("http_proxy", f"http://{proxy}")
        monkeypatch.delenv("no_proxy", raising=False)
        for name in (target, target.replace("127.0.0.1", "localhost")):
            assert colorize(photo, name).size == (90, 60)


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


def test_a_certificate_that_nobody_vouches_for(tls_target: str, photo: Path) -> None:
    assert "--root-certificates" in str(_failure(f"grpcs://{tls_target}", photo))


def test_a_certificate_for_another_host(service: scripted.Colorizer, photo: Path, tmp_path: Path) -> None:
    other = _issue(tmp_path / "other", "DNS:color.example.org")
    with (
        scripted.serve(service, grpc.ssl_server_credentials([(other.key, other.chain)])) as target,
        Colorizer(f"grpcs://{target}", root_certificates=other.chain) as colorizer,
        pytest.raises(photochrom.UnreachableError, match="another host name"),
    ):
        colorizer.colorize(photo)


def test_certificates_that_cannot_be_read(photo: Path) -> None:
    with pytest.raises(photochrom.TargetError, match=r"absent\.pem: cannot read the certificates"):
        Colorizer("grpcs://localhost:8500", root_certificates="absent.pem").colorize(photo)
