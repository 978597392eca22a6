"""Parsing: bytes that are no message of a method's are the caller's mistake, and told as such.

gRPC would call them a failure of the server, with a traceback in the log for each.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from photochrom_serving.calls import Context
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.routes import Handler
from photochrom_serving.status import refuse
from photochrom_serving.unread import Unread

Parse = Callable[[bytes], Any]


def parsing(_: str, handler: Handler) -> Handler:
    """The handler of any method, with the parsing of its requests inside."""
    parse = _strict(handler.request_deserializer)
    match handler.request_streaming, handler.response_streaming:
        case False, False:
            behavior = _of_one(handler.unary_unary, parse)
            return grpc.unary_unary_rpc_method_handler(behavior, None, handler.response_serializer)
        case False, True:
            behavior = _of_one(handler.unary_stream, parse)
            return grpc.unary_stream_rpc_method_handler(behavior, None, handler.response_serializer)
        case True, True:
            behavior = _of_many(handler.stream_stream)
            return grpc.stream_stream_rpc_method_handler(behavior, parse, handler.response_serializer)
    raise TypeError("no method here takes many requests and gives one answer")


def _strict(parse: Parse) -> Parse:
    name = parse.__self__.DESCRIPTOR.full_name  # type: ignore[attr-defined] # a message class's FromString

    def parse_or_refuse(data: bytes) -> Any:
        try:
            return parse(data)
        except DecodeError as error:
            raise InvalidFieldError("request", f"its {len(data)} bytes are no {name}") from error

    return parse_or_refuse


def _of_one(behavior: Any, parse: Parse) -> Any:
    async def answer(data: bytes | Unread, context: Context) -> Any:
        try:
            request = data if isinstance(data, Unread) else parse(data)
        except InvalidFieldError as error:
            await refuse(context, error)
        return await behavior(request, context)

    return answer


def _of_many(behavior: Any) -> Any:
    """The requests are parsed as they are read, inside of the behavior."""
    if not inspect.isasyncgenfunction(behavior):
        return behavior  # refuses by itself what it reads

    async def answer(requests: Any, context: Context) -> AsyncIterator[Any]:
        try:
            async for response in behavior(requests, context):
                yield response
        except InvalidFieldError as error:
            await refuse(context, error)

    return answer
