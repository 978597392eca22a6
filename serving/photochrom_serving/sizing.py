"""Sizing: an answer larger than a message may be ends its call with an error that says so.

gRPC would find that out itself, but only when the log and the metrics have been told that all is well, and
with a code after which clients try again.
"""

from collections.abc import Callable
from typing import Any

import grpc

from photochrom_serving.calls import Context
from photochrom_serving.errors import InvalidFieldError
from photochrom_serving.routes import Handler
from photochrom_serving.status import refuse

Serialize = Callable[[Any], bytes]


class SizingLayer:
    """Encodes the answers of every method."""

    def __init__(self, limit: int) -> None:
        """:param limit: bytes of an answer."""
        self._limit = limit

    def __call__(self, _: str, handler: Handler) -> Handler:
        """The handler of a method, with the encoding of its answers inside."""
        serialize = self._checked(handler.response_serializer)
        match handler.request_streaming, handler.response_streaming:
            case False, False:
                behavior = _encoded(handler.unary_unary, serialize)
                return grpc.unary_unary_rpc_method_handler(behavior, handler.request_deserializer, None)
            case False, True:
                return grpc.unary_stream_rpc_method_handler(
                    handler.unary_stream, handler.request_deserializer, serialize
                )
            case True, True:  # what writes an answer refuses it by itself
                return grpc.stream_stream_rpc_method_handler(
                    handler.stream_stream, handler.request_deserializer, serialize
                )
        raise TypeError("no method here takes many requests and gives one answer")

    def _checked(self, serialize: Serialize) -> Serialize:
        def serialize_or_refuse(answer: Any) -> bytes:
            data = serialize(answer)
            if len(data) > self._limit:
                raise InvalidFieldError(
                    "request",
                    f"its answer has {len(data)} bytes, above the limit of {self._limit} for a message; send "
                    "less at once, or start the server with a larger --max-message-bytes",
                )
            return data

        return serialize_or_refuse


def _encoded(behavior: Any, serialize: Serialize) -> Any:
    async def answer(request: Any, context: Context) -> bytes:
        response = await behavior(request, context)
        try:
            return serialize(response)
        except InvalidFieldError as error:
            await refuse(context, error)

    return answer
