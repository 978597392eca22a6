"""How a run uses its machine changes how fast it learns, not what."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from photochrom_contract.description import Description
from photochrom_training import history
from photochrom_training.checkpoints import Progress
from tests.training.tiny_configuration import EPOCHS, command


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_lower_precision_learns_much_the_same_and_leaves_a_float32_model(
    precision: str, photographs: Path, finished: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [*command(photographs, tmp_path), "--precision", precision],
        check=True,
        capture_output=True,
        timeout=300,
    )

    losses, whole = (
        [row["loss"] for row in history.read(run / "history.csv")] for run in (tmp_path, finished)
    )
    assert losses != whole
    assert losses == pytest.approx(whole, rel=0.03)
    graph = (tmp_path / "saved_model" / "saved_model.pb").read_bytes()
    assert b"float16" not in graph.lower()


needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="JAX is not installed: pip install jax"
)


@needs_jax
def test_a_batch_shared_out_over_devices_teaches_what_it_teaches_one(
    photographs: Path, tmp_path: Path
) -> None:
    one, four = tmp_path / "one", tmp_path / "four"
    devices = "--xla_force_host_platform_device_count=4"
    jax = {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": devices}

    subprocess.run(command(photographs, one), check=True, capture_output=True, timeout=300, env=jax)
    subprocess.run(
        [*command(photographs, four), "--distribute"], check=True, capture_output=True, timeout=300, env=jax
    )

    rows = zip(history.read(one / "history.csv"), history.read(four / "history.csv"), strict=True)
    for alone, shared in rows:
        assert shared["loss"] == pytest.approx(alone["loss"], rel=1e-4)
        assert shared["val_loss"] == pytest.approx(alone["val_loss"], rel=1e-4)
    assert not (four / "saved_model").exists()
    subprocess.run(command(photographs, four), check=True, capture_output=True, timeout=300)
    assert Description.read(four / "saved_model").provenance["epochs"] == EPOCHS


@needs_jax
def test_fewer_photographs_held_out_than_devices_are_refused(photographs: Path, tmp_path: Path) -> None:
    program = (
        "import dataclasses, sys\n"
        "from pathlib import Path\n"
        "from photochrom_training import run\n"
        "from photochrom_training.machine import Machine\n"
        "from tests.training import tiny_configuration\n"
        "chosen = dataclasses.replace(tiny_configuration.configuration(1), batch_size=8)\n"
        "run.train(chosen, [Path(sys.argv[1])], Path(sys.argv[2]), machine=Machine(distribute=True))\n"
    )
    devices = "--xla_force_host_platform_device_count=8"

    refused = subprocess.run(
        [sys.executable, "-c", program, str(photographs), str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": devices},
    )

    assert "4 photographs held out cannot be shared out over 8 devices" in refused.stderr


def start_two(photographs: Path, output: Path) -> list[subprocess.Popen[str]]:
    """Two processes of one run, of two devices each, as two machines would have them."""
    with socket.create_server(("localhost", 0)) as free:
        address = f"localhost:{free.getsockname()[1]}"
    return [
        subprocess.Popen(
            [*command(photographs, output), "--distribute"],
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "KERAS_BACKEND": "jax",
                "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
                "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
                "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
                "KERAS_DISTRIBUTION_PROCESS_ID": str(number),
            },
        )
        for number in range(2)
    ]


@needs_jax
def test_two_processes_learn_together_what_one_does_and_go_on_after_a_kill(
    photographs: Path, tmp_path: Path
) -> None:
    colored, one, two = (tmp_path / name for name in ("colored", "one", "two"))
    shutil.copytree(photographs, colored, ignore=shutil.ignore_patterns("grey.png"))
    jax = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run(command(colored, one), check=True, capture_output=True, timeout=300, env=jax)

    killed = start_two(colored, two)
    while not Progress(two / "checkpoints").epochs:
        assert all(process.poll() is None for process in killed)
        time.sleep(0.01)
    for process in killed:
        process.kill()
        process.communicate()
    for process in start_two(colored, two):
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said

    rows = list(zip(history.read(one / "history.csv"), history.read(two / "history.csv"), strict=True))
    assert len(rows) == EPOCHS
    for alone, together in rows:
        assert together["loss"] == pytest.approx(alone["loss"], rel=1e-4)
        assert together["val_loss"] == pytest.approx(alone["val_loss"], rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--precision", "float8"],
            "no precision 'float8'; there are: float32, mixed_bfloat16, mixed_float16",
        ),
        (["--distribute"], "Keras distributes a run over devices with its JAX backend alone"),
    ],
)
def test_what_the_machine_cannot_do_is_said(
    options: list[str], message: str, photographs: Path, tmp_path: Path
) -> None:
    refused = subprocess.run(
        [*command(photographs, tmp_path / "run"), *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert refused.returncode != 0
    assert message in refused.stderr
    assert not (tmp_path / "run").exists()
