"""A server's description of itself, from reflection: all that a caller without its .proto files knows."""

import grpc
from google.protobuf import descriptor_pb2
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
