"""Routes: every method of the port, with all that stands around it put there once, before the first call.

They stand in for the registry and the interceptors of gRPC's server. It would ask the interceptors again
at each call, and wait for calls of each registered method in a task of its own: with grpcio 1.85 it looks
at all of these tasks, one for each of the server's methods, whenever a call begins.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc

Handler = Any
"""A ``grpc.RpcMethodHandler``, whose types are those of the synchronous API."""

Layer = Callable[[str, Handler], Handler]
"""Puts something around the handler of the method of that full name, ``/package.Service/Method``."""


class Routes(grpc.GenericRpcHandler):  # type: ignore[type-arg] # takes none at run time
    """What generated code may take for a server: it adds services to it."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Nothing is served yet.

        :param layers: what stands around each method, the outermost first.
        """
        self._layers = layers
        self._handlers: dict[str, Handler] = {}

    def add_generic_rpc_handlers(self, handlers: object) -> None:
        """Ignored: generated code adds the same methods by their names as well."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        """Serve the methods of a service."""
        for name, bare in handlers.items():
            method, handler = f"/{service}/{name}", bare
            for layer in reversed(self._layers):
                handler = layer(method, handler)
            self._handlers[method] = handler

    def service(self, details: Any) -> Handler:
        """The handler of the method that is called; None if there is none."""
        return self._handlers.get(details.method)


def around(handler: Handler, wrap: Callable[[Any], Any]) -> Handler:
    """A method's handler with something around its behavior."""
    make, behavior = {
        (False, False): (grpc.unary_unary_rpc_method_handler, handler.unary_unary),
        (False, True): (grpc.unary_stream_rpc_method_handler, handler.unary_stream),
        (True, False): (grpc.stream_unary_rpc_method_handler, handler.stream_unary),
        (True, True): (grpc.stream_stream_rpc_method_handler, handler.stream_stream),
    }[handler.request_streaming, handler.response_streaming]
    return make(wrap(behavior), handler.request_deserializer, handler.response_serializer)
