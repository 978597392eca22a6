"""Triton Inference Server with one ONNX model on the CPU, through PyTriton: the side-by-side peer.

Runs in an environment of its own (see README.md beside this folder); prints ``ready PORT`` when it answers.
"""

import argparse
import os
import signal
import socket
import threading
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from pytriton.decorators import batch  # type: ignore[import-not-found] # of the peer's environment
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor  # type: ignore[import-not-found]
from pytriton.triton import Triton, TritonConfig  # type: ignore[import-not-found]


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="the ONNX file")
    parser.add_argument("--name", default="photochrom")
    parser.add_argument("--instances", type=int, default=1, help="sessions that run at the same time")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each session")
    parser.add_argument("--max-batch-size", type=int, default=8)
    arguments = parser.parse_args()

    ports = {name: free_port() for name in ("grpc_port", "http_port", "metrics_port")}
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Triton(config=TritonConfig(grpc_address="127.0.0.1", http_address="127.0.0.1", **ports)) as triton:
        triton.bind(
            model_name=arguments.name,
            infer_func=[runner(arguments.model, arguments.threads) for _ in range(arguments.instances)],
            inputs=[Tensor(name="lightness", dtype=np.float32, shape=(1, -1, -1))],
            outputs=[Tensor(name="chroma", dtype=np.float32, shape=(2, -1, -1))],
            config=ModelConfig(max_batch_size=arguments.max_batch_size, batcher=DynamicBatcher()),
        )
        triton.run()
        print("ready", ports["grpc_port"], flush=True)
        stop.wait()


def runner(model: str, threads: int) -> Any:
    """A function that runs one batch, on a session of its own with the options of Photochrom's."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @batch  # type: ignore[untyped-decorator]
    def run(lightness: np.ndarray) -> dict[str, np.ndarray]:
        return {"chroma": session.run(["chroma"], {"lightness": lightness})[0]}

    return run


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
