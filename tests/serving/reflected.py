"""A server's description of itself, from reflection: all that a caller without its .proto files knows."""

from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


def describe(channel: grpc.Channel) -> tuple[list[str], descriptor_pb2.FileDescriptorSet]:
    """The services, and every file that they take, each after those it depends on."""
    database = ProtoReflectionDescriptorDatabase(channel)
    services = list(database.get_services())
    files: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def add(file: descriptor_pb2.FileDescriptorProto) -> None:
        for name in file.dependency:
            if name not in files:
                add(database.FindFileByName(name))
        files[file.name] = file

    for service in services:
        add(database.FindFileContainingSymbol(service))
    return services, descriptor_pb2.FileDescriptorSet(file=files.values())


def encoded(channel: grpc.Channel, name: str, fields: dict[str, Any]) -> bytes:
    """A message in bytes: one process cannot import its generated module and, for other tests, TensorFlow's.

    :param name: its full name.
    :param fields: as in JSON.
    """
    pool = descriptor_pool.DescriptorPool()
    for file in describe(channel)[1].file:
        pool.Add(file)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    return json_format.ParseDict(fields, kind()).SerializeToString()
