"""Requests in Triton's own client, and the samples that they send."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

SAMPLES = np.load(os.environ["SAMPLES"])
LIGHTNESS, CHROMA = SAMPLES["lightness"], SAMPLES["chroma"]  # (n, 1, h, w) and (n, 2, h / 2, w / 2)


def tensor(values: Any, name: str = "lightness", datatype: str = "FP32") -> Any:
    """An input."""
    sent = triton.InferInput(name, list(values.shape), datatype)
    sent.set_data_from_numpy(values)
    return sent


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """The code and the message with which a call fails."""
    with pytest.raises(InferenceServerException) as caught:
        call()
    return caught.value.status().removeprefix("StatusCode."), caught.value.message()
