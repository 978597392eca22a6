"""API tokens: who has none is not let in, each has its rate, the file may change, nothing tells a token."""

import asyncio
import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from photochrom_contract.v1 import colorizer_pb2
from photochrom_serving import tokens
from photochrom_serving.errors import RateLimitError, SettingsError
from tests.serving.conftest import assert_answers, connected, lightness, refusal, request, serving
from tests.serving.controlled import controlled, status_of


def bearer(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


def add(file: Path, name: str, limits: str = "") -> str:
    """Make a token as an operator does; the token."""
    command = [sys.executable, "-m", "photochrom_serving", "token", name]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    with file.open("a") as lines:
        lines.write(f"{made.stdout.strip()} {limits}\n")
    return made.stderr.rpartition(" ")[2].strip()


def test_a_call_needs_a_token_and_health_needs_none(model_repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    token = add(file, "scans")
    assert token not in file.read_text()
    with serving(model_repository, "--tokens", str(file)) as server:
        with connected(server.target) as stub, grpc.insecure_channel(server.target) as channel:
            assert_answers(stub.Colorize(request(lightness(32)), metadata=bearer(token)), lightness(32))
            for metadata in (
                [],
                bearer("photochrom_guess"),
                bearer(""),
                [("authorization", f"Basic {token}")],
            ):
                call = stub.Colorize.future(request(lightness(32)), metadata=metadata)
                assert refusal(call.result)[0] == grpc.StatusCode.UNAUTHENTICATED
            with pytest.raises(grpc.RpcError) as caught:
                ProtoReflectionDescriptorDatabase(channel).get_services()
            assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
            health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
            assert health.status == health_pb2.HealthCheckResponse.SERVING
        server.process.terminate()
        assert server.end() == 0
    assert [line.get("caller") for line in server.of("call")] == ["scans", None, None, None, None]
    assert token not in str(server.events)
    assert "guess" not in str(server.events)


def test_a_rate_is_a_callers_own(model_repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    slow, fast = add(file, "slow", "rate=0.001 burst=3"), add(file, "fast")
    with serving(model_repository, "--tokens", str(file)) as server, connected(server.target) as stub:
        for _ in range(3):
            stub.Colorize(request(lightness(32)), metadata=bearer(slow))
        refused = stub.Colorize.future(request(lightness(32)), metadata=bearer(slow))
        code, message, retry = refusal(refused.result)
        assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert message == "slow may send 0.001 photographs a second, 3 at once; try again later"
        pushback = int(dict(refused.trailing_metadata())["grpc-retry-pushback-ms"])
        assert 0 < retry.retry_delay.ToMilliseconds() <= pushback <= 1_000_000
        photo = colorizer_pb2.ColorizePhotoRequest(photo=b"not even decoded")
        refused = stub.ColorizePhoto.future(photo, metadata=bearer(slow))
        assert refusal(refused.result)[0] == grpc.StatusCode.RESOURCE_EXHAUSTED
        for _ in range(10):
            stub.Colorize(request(lightness(32)), metadata=bearer(fast))


def test_whom_there_is_no_room_for_keeps_the_rate(model_repository: Path, tmp_path: Path) -> None:
    file, go = tmp_path / "tokens", threading.Event()
    (other, line), (token, limited) = tokens.make("other"), tokens.make("limited")
    file.write_text(f"{line}\n{limited} rate=0.001 burst=1\n")

    async def run() -> None:
        settings: dict[str, Any] = {"tokens": file, "queue_limit": 1, "concurrent_batches": 1}
        async with controlled(model_repository, **settings) as server:
            plane = request(lightness(32))
            holding = asyncio.create_task(asyncio.to_thread(server.servables.device.perform, go.wait))
            inside = {
                asyncio.create_task(ended(server.stub.Colorize(plane, metadata=bearer(other))))
                for _ in range(2)
            }
            _, inside = await asyncio.wait(inside, return_when=asyncio.FIRST_COMPLETED)  # one was refused
            try:
                for _ in range(3):
                    stream = server.stub.ColorizeStream(iter([plane]), metadata=bearer(token))
                    assert await status_of(anext(aiter(stream))) == (
                        grpc.StatusCode.RESOURCE_EXHAUSTED,
                        "1 photographs are in the server already, its limit is 1; try again later",
                    )
            finally:
                go.set()
            await asyncio.gather(holding, *inside)
            assert_answers(await server.stub.Colorize(plane, metadata=bearer(token)), lightness(32))

    async def ended(call: Any) -> None:
        with contextlib.suppress(grpc.aio.AioRpcError):
            await call

    asyncio.run(run())


def test_the_file_is_read_again_when_it_changes_and_a_broken_one_changes_nothing(
    model_repository: Path, tmp_path: Path
) -> None:
    file = tmp_path / "tokens"
    old = add(file, "old")

    def is_let_in(stub: Any, token: str) -> bool:
        call = stub.Colorize.future(request(lightness(32)), metadata=bearer(token))
        return bool(call.code() == grpc.StatusCode.OK)

    with serving(model_repository, "--tokens", str(file)) as server, connected(server.target) as stub:
        assert is_let_in(stub, old)
        broken = tmp_path / "broken"
        broken.write_text("nonsense\n")
        broken.replace(file)
        while not server.of("tokens_refused"):
            assert is_let_in(stub, old)
            server.wait_for("call")
        (refused,) = server.of("tokens_refused")
        assert refused["problem"].startswith(f"{file}:1: expected NAME SHA256")
        assert "nonsense" not in str(refused)
        new_file = tmp_path / "new"
        new = add(new_file, "new")
        new_file.replace(file)
        while not is_let_in(stub, new):
            server.wait_for("call")  # or nobody would read its log
        assert not is_let_in(stub, old)


def test_models_are_controlled_by_whose_line_says_so(model_repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    scans, deploy = add(file, "scans", "rate=100"), add(file, "deploy", "control")
    flags = ("--tokens", str(file), "--model-control", "explicit")
    with serving(model_repository, *flags) as server, grpc.insecure_channel(server.target) as channel:
        # In bytes: one process cannot import the generated modules and, for other tests, TensorFlow's.
        raw: Any = channel  # that bytes need no serializer is not in its stubs
        load = raw.unary_unary("/inference.GRPCInferenceService/RepositoryModelLoad")
        unload = raw.unary_unary("/inference.GRPCInferenceService/RepositoryModelUnload")
        reload = raw.unary_unary("/tensorflow.serving.ModelService/HandleReloadConfigRequest")
        name = b"photochrom"
        model = bytes([0x12, len(name)]) + name  # model_name, the second field
        models = name
        for _ in ("name", "config", "model_config_list", "config"):  # each its message's first field
            models = bytes([0x0A, len(models)]) + models
        for method, message in ((load, model), (unload, model), (reload, models)):
            with pytest.raises(grpc.RpcError) as caught:
                method(message, metadata=bearer(scans))
            assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
            assert "the token scans may not control models: add the word control" in str(
                caught.value.details()
            )
        with connected(server.target) as stub:  # nothing was unloaded
            assert_answers(stub.Colorize(request(lightness(32)), metadata=bearer(scans)), lightness(32))
        load(model, metadata=bearer(deploy))
        assert reload(models, metadata=bearer(deploy)) == b"\x0a\x00"  # an empty status: all is well
        unload(model, metadata=bearer(deploy))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("scans", "expected NAME SHA256"),
        ("scans 00", "expected NAME SHA256"),
        (f"scans {'z' * 64}", "expected NAME SHA256"),
        (f"scans {'0' * 64} speed=3", "expected NAME SHA256"),
        (f"scans {'0' * 64} burst=3", "expected NAME SHA256"),  # which would limit nothing
        (f"scans {'0' * 64} rate=3 rate=4", "expected NAME SHA256"),
        (f"scans {'0' * 64} control control", "expected NAME SHA256"),
        (f"scans {'0' * 64} rate=-1", "the rate must be 0 or more"),
        (f"scans {'0' * 64} rate=nan", "the rate must be 0 or more"),
    ],
)
def test_a_line_that_does_not_do_is_named_and_not_told(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# name  SHA-256\n\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        tokens.read(file)
    assert str(caught.value).startswith(f"{file}:3: {says}")
    assert "000" not in str(caught.value)


def test_a_name_and_a_token_have_one_line_each(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    for lines, says in (
        (f"scans {'0' * 64}\nscans {'1' * 64}\n", "a name has more than one line"),
        (f"scans {'0' * 64} rate=1\ndeploy {'0' * 64} control\n", "a token has more than one line"),
    ):
        file.write_text(lines)
        with pytest.raises(SettingsError, match=says):
            tokens.read(file)


@pytest.mark.parametrize("name", ["#scans", "--help", "two words", ""])
def test_a_name_that_its_line_could_not_have_gets_no_token(name: str) -> None:
    with pytest.raises(SettingsError, match="the name: "):
        tokens.make(name)


def test_every_token_is_another_one_of_256_bits() -> None:
    made = {tokens.make("scans")[0] for _ in range(100)}
    assert len(made) == 100
    assert all(len(token) >= len("photochrom_") + 43 for token in made)


def test_a_rate_comes_back_with_time_up_to_the_burst_and_a_large_request_pays_afterwards() -> None:
    caller = tokens.Caller(tokens.Grant("scans", bytes(32), rate=1e9, burst=4))
    for _ in range(100):  # a nanosecond brings one back
        caller.take(4)
    slow = tokens.Caller(tokens.Grant("scans", bytes(32), rate=1e-3, burst=4))
    slow.take(10)
    with pytest.raises(RateLimitError) as caught:
        slow.take(1)
    assert caught.value.retry_seconds == pytest.approx(7000, rel=0.01)
