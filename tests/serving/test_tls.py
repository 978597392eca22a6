"""TLS: new certificates while it runs, broken ones that change nothing, clients that have to have one."""

import functools
from pathlib import Path

import grpc

from photochrom_contract.v1 import colorizer_pb2_grpc
from tests.serving.conftest import assert_answers, lightness, make_certificate, refusal, request, serving


def call(target: str, credentials: grpc.ChannelCredentials) -> None:
    """Make a call on a connection of its own, which answers well."""
    alone = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.secure_channel(target, credentials, alone) as channel:
        stub = colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]
        assert_answers(stub.Colorize(request(lightness(32)), timeout=60), lightness(32))


def test_a_new_certificate_is_used_and_a_broken_one_changes_nothing(
    model_repository: Path, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    first = grpc.ssl_channel_credentials(certificate.read_bytes())
    (tmp_path / "next").mkdir()
    next_certificate, next_key = make_certificate(tmp_path / "next")
    flags = ("--tls-certificate", str(certificate), "--tls-key", str(key), "--host", "localhost")
    with serving(model_repository, *flags) as server:
        call(server.target, first)
        certificate.write_text("damaged")
        call(server.target, first)
        assert server.wait_for("certificate_refused")["problem"].startswith(f"{certificate}: no certificate")
        second = grpc.ssl_channel_credentials(next_certificate.read_bytes())
        next_certificate.replace(certificate)
        next_key.replace(key)
        call(server.target, second)
        server.wait_for("certificate_read")
        code, _, _ = refusal(lambda: call(server.target, first))
        assert code == grpc.StatusCode.UNAVAILABLE
        assert "PRIVATE" not in str(server.events)


def test_with_an_authority_a_client_needs_its_certificate_and_the_log_names_it(
    model_repository: Path, tmp_path: Path
) -> None:
    certificate, key = make_certificate(tmp_path)
    (tmp_path / "client").mkdir()
    client_certificate, client_key = make_certificate(tmp_path / "client")  # of its own authority
    flags = ("--tls-certificate", str(certificate), "--tls-key", str(key), "--host", "localhost")
    with serving(model_repository, *flags, "--tls-client-ca", str(client_certificate)) as server:
        trust = certificate.read_bytes()
        call(
            server.target,
            grpc.ssl_channel_credentials(trust, client_key.read_bytes(), client_certificate.read_bytes()),
        )
        for credentials in (
            grpc.ssl_channel_credentials(trust),
            grpc.ssl_channel_credentials(trust, key.read_bytes(), certificate.read_bytes()),
        ):
            code, _, _ = refusal(functools.partial(call, server.target, credentials))
            assert code == grpc.StatusCode.UNAVAILABLE
        server.process.terminate()
        assert server.end() == 0
    assert [line["certificate"] for line in server.of("call")] == ["localhost"]
