"""Two descriptions of one protocol: the server's own, from reflection, and that of the client it runs in."""

from collections.abc import Iterator

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor


def disagreements(served: bytes, package: str) -> tuple[list[str], int]:
    """Where the two contradict each other, and how many of the server's fields the client knows.

    :param served: a ``FileDescriptorSet``.
    :param package: the package whose messages are compared, and those of the packages within it.
    """
    own = descriptor_pool.Default()
    problems, known = [], 0
    for message in _messages(served, package):
        try:
            official = own.FindMessageTypeByName(message.full_name)
        except KeyError:
            continue
        for field in message.fields:
            counterpart = official.fields_by_name.get(field.name)
            if counterpart is None:
                if field.number in official.fields_by_number:
                    problems.append(f"{field.full_name} has the number of another")
            elif _facts(field) != _facts(counterpart) or not _values(field) <= _values(counterpart):
                problems.append(f"{field.full_name}: {_facts(field)} is not {_facts(counterpart)}")
            else:
                known += 1
    return problems, known


def _messages(served: bytes, package: str) -> Iterator[Descriptor]:
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(served).file:
        pool.AddSerializedFile(file.SerializeToString())
        if file.package.split(".")[0] == package:
            found = pool.FindFileByName(file.name)
            yield from _nested(found.message_types_by_name.values())


def _nested(messages: object) -> Iterator[Descriptor]:
    for message in messages:  # type: ignore[attr-defined]
        yield message
        yield from _nested(message.nested_types)


def _facts(field: FieldDescriptor) -> tuple[object, ...]:
    of = field.message_type or field.enum_type
    return field.number, field.type, field.is_repeated, of and of.full_name


def _values(field: FieldDescriptor) -> set[tuple[str, int]]:
    """Of an enumeration; the server's may be some of the client's."""
    return {(value.name, value.number) for value in field.enum_type.values} if field.enum_type else set()
