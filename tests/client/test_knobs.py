"""The knobs have one name each, in the SDK, on the command line and in the protocol, and one range."""

import inspect

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from photochrom import AsyncColorizer, Colorizer, colorize
from photochrom._cli._app import app
from photochrom._options import MAX_SIZE, Options
from photochrom_contract import tensors
from photochrom_contract.v1 import colorizer_pb2 as messages

DEFAULTS = {
    "model": "",
    "version": 0,
    "size": 0,
    "saturation": 1.0,
    "temperature": None,
    "upsampling": "guided",
}
"""Of each knob."""


@pytest.mark.parametrize("function", [colorize, Colorizer, AsyncColorizer, Options], ids=lambda f: f.__name__)
def test_the_sdk_takes_them_with_the_same_defaults(function: type) -> None:
    parameters = inspect.signature(function).parameters
    assert {name: parameters[name].default for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("command", ["colorize", "batch", "video"])
def test_the_commands_take_them_with_the_same_defaults(command: str) -> None:
    parameters = {p.name: p for p in vars(typer.main.get_command(app))["commands"][command].params}
    assert {name: parameters[name].default for name in DEFAULTS} == DEFAULTS
    assert [parameters[name].opts for name in DEFAULTS] == [[f"--{name}"] for name in DEFAULTS]


def test_the_largest_size_is_the_contracts() -> None:
    assert MAX_SIZE == tensors.MAX_SIDE


def test_the_protocol_has_them() -> None:
    fields = messages.ColorizePhotoRequest.DESCRIPTOR.fields_by_name
    assert set(DEFAULTS) - {"version", "upsampling"} <= set(fields)
    assert {"name", "version", "label"} == set(messages.ModelSpec.DESCRIPTOR.fields_by_name)


@given(
    st.builds(
        Options,
        model=st.text(),
        version=st.integers(0, 2**64 - 1) | st.sampled_from(["stable", "canary-2", "_x"]),
        size=st.integers(0, 1024),
        saturation=st.floats(0, 2),
        temperature=st.none() | st.floats(0, 10, exclude_min=True),
    )
)
def test_what_is_within_its_range_is_accepted_and_a_version_is_a_number_or_a_label(options: Options) -> None:
    assert bool(options.label) + bool(options.number) <= 1
    assert options.version in (options.label, options.number)


@given(st.floats(max_value=-1e-9) | st.floats(min_value=2.001) | st.just(float("nan")))
def test_a_saturation_out_of_its_range_is_refused(saturation: float) -> None:
    with pytest.raises(ValueError, match=r"saturation is .*, but must be within 0 to 2"):
        Options(saturation=saturation)
