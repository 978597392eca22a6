"""What a method should never be sent: strategies for messages, and for bytes of messages mutated."""

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

_TELLING_TEXTS = (
    "", "0", "1", "2", "-1", "photochrom", "photochrom/1", "stable", "lightness", "chroma", "temperature",
    "serving_default", "signature_def", "FP32", "UINT8", "../..", "\0", "x" * 9999, "9" * 9999,
)  # fmt: skip
_TELLING_NUMBERS = (-1, 0, 1, 2, 3, 4, 5, 10, 30, 32, 64, 128, 1024, 1025)
_TELLING_BYTES = (b"", b"\x7f" * 1024, b"\0" * 4096, b"\xff\xff\xff\xff" * 1024)

_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


@st.composite
def messages(draw: st.DrawFn, make: Callable[[], Message], depth: int = 4) -> Message:
    """A message of some of its fields, with what a reader of the protocol would try."""
    message = make()
    for field in message.DESCRIPTOR.fields:
        if depth and draw(st.booleans()):
            _fill(draw, message, field, depth - 1)
    return message


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some overwritten, taken out, put in, repeated, or cut off."""
    mutant = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        start, length = draw(st.integers(0, len(mutant))), draw(st.integers(1, 8))
        piece = draw(st.binary(min_size=length, max_size=length))
        match draw(st.sampled_from(["overwrite", "take", "put", "repeat", "cut"])):
            case "overwrite":
                mutant[start : start + length] = piece
            case "take":
                del mutant[start : start + length]
            case "put":
                mutant[start:start] = piece
            case "repeat":
                mutant[start:start] = mutant[start : start + length]
            case "cut":
                del mutant[start:]
    return bytes(mutant)


def _fill(draw: st.DrawFn, message: Message, field: Any, depth: int) -> None:
    of: Any = getattr(message, field.name)
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        key, value = entry.fields_by_name["key"], entry.fields_by_name["value"]
        for name in draw(st.lists(_scalars(key), max_size=2)):
            if value.message_type is not None:
                of[name].MergeFrom(draw(messages(type(of[name]), depth)))
            else:
                of[name] = draw(_scalars(value))
    elif field.is_repeated and entry is not None:
        for _ in range(draw(st.integers(0, 3))):
            part = of.add()
            part.MergeFrom(draw(messages(type(part), depth)))
    elif field.is_repeated:
        of.extend(draw(st.lists(_scalars(field), max_size=4)))
    elif entry is not None:
        of.SetInParent()
        of.MergeFrom(draw(messages(type(of), depth)))
    else:
        setattr(message, field.name, draw(_scalars(field)))


def _scalars(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.sampled_from(_TELLING_BYTES) | st.binary(max_size=64)
    if field.cpp_type in _INTEGERS:
        low, high = _INTEGERS[field.cpp_type]
        telling = [number for number in (*_TELLING_NUMBERS, low, high) if low <= number <= high]
        return st.sampled_from(telling) | st.integers(low, high)
    return {
        FieldDescriptor.CPPTYPE_ENUM: st.integers(0, 40) | st.integers(0, 2**31 - 1),
        FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
        FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
        FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
        FieldDescriptor.CPPTYPE_STRING: st.sampled_from(_TELLING_TEXTS) | st.text(max_size=20),
    }[field.cpp_type]
