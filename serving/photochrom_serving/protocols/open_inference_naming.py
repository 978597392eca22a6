"""How Open Inference's callers name a model version, and how they are told that there is none."""

import functools

from google.rpc import code_pb2  # type: ignore[import-untyped] # publishes no types

from photochrom_contract.manifest import MAX_VERSION
from photochrom_serving import status
from photochrom_serving.errors import NotFoundError, QueueFullError, UnknownLabelError
from photochrom_serving.servables import Reference
from photochrom_serving.status import Words


def _not_found(error: NotFoundError) -> tuple[int, str]:
    name, _, version = error.resource.partition("/")
    model = f"{name!r} version {version}" if version else f"{name!r}"
    return code_pb2.NOT_FOUND, f"Request for unknown model: {model} is not found; {error}"


def _unknown_label(error: UnknownLabelError) -> tuple[int, str]:
    name, _, label = error.resource.partition(":")
    return code_pb2.NOT_FOUND, f"Request for unknown model: {name!r} version {label} is not found; {error}"


WORDS: Words = {
    NotFoundError: _not_found,
    UnknownLabelError: _unknown_label,
    QueueFullError: lambda error: (code_pb2.UNAVAILABLE, str(error)),
}
"""The errors that Triton has another code or message for; KServe's client retries UNAVAILABLE alone."""

answers = functools.partial(status.answers, words=WORDS)


def reference_of(name: str, version: str) -> Reference:
    """The model version that a request means; a version that is no number is a label.

    :raises NotFoundError: for a number that cannot be one.
    """
    if not (version.isascii() and version.isdecimal()):
        return Reference(name, label=version)
    if len(version) > len(str(MAX_VERSION)) or not 1 <= int(version) <= MAX_VERSION:
        raise NotFoundError(
            f"{name}/{version}", f"versions are numbered from 1 to {MAX_VERSION}; leave it out for the latest"
        )
    return Reference(name, int(version))
