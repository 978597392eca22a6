"""The services on the port beside Colorizer's own, and TLS around them all."""

from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from photochrom_contract.v1 import colorizer_pb2, colorizer_pb2_grpc
from tests.serving.conftest import assert_answers, lightness, make_certificate, request, serving

_Status = health_pb2.HealthCheckResponse.ServingStatus


def test_reflection_tells_the_services_and_their_methods(target: str) -> None:
    with grpc.insecure_channel(target) as channel:
        reflected = ProtoReflectionDescriptorDatabase(channel)
        assert set(reflected.get_services()) == {
            "photochrom.v1.Colorizer",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        }
        file = reflected.FindFileContainingSymbol("photochrom.v1.Colorizer")
    assert file.SerializeToString() == colorizer_pb2.DESCRIPTOR.serialized_pb


def test_with_a_certificate_the_server_speaks_tls(model_repository: Path, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    tls = ("--tls-certificate", str(certificate), "--tls-key", str(key))
    with serving(model_repository, *tls, "--host", "localhost") as server:
        trust = grpc.ssl_channel_credentials(certificate.read_bytes())
        with grpc.secure_channel(server.target, trust) as channel:
            stub = colorizer_pb2_grpc.ColorizerStub(channel)  # type: ignore[no-untyped-call]
            assert_answers(stub.Colorize(request(lightness(32))), lightness(32))
