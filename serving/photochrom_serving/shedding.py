"""Shedding: while nobody is let in, a call is refused before its photographs are read.

Under overload most calls are refused, and what a refusal costs is missing for the photographs inside.
"""

from typing import Any, Final

import grpc

from photochrom_serving.admission import Admission
from photochrom_serving.calls import Context
from photochrom_serving.routes import Handler, Routes
from photochrom_serving.unread import Unread

PREDICTING: Final = frozenset(
    {
        "/photochrom.v1.Colorizer/Colorize",
        "/tensorflow.serving.PredictionService/Predict",
        "/inference.GRPCInferenceService/ModelInfer",
    }
)
"""The methods of one request and one answer that have to be admitted."""


class Shedding(grpc.GenericRpcHandler):  # type: ignore[type-arg] # takes none at run time
    """The routes, outside of which it stands: who calls is asked, and told, as ever."""

    def __init__(self, routes: Routes, admission: Admission) -> None:
        self._routes = routes
        self._admission = admission
        self._handlers: dict[str, Handler] = {}

    def service(self, details: Any) -> Handler:
        """The method's handler, or while the server is full or stopping, one that reads no request."""
        handler = self._routes.service(details)
        if details.method not in PREDICTING or self._admission.refusal() is None:
            return handler
        unread = self._handlers.get(details.method)
        if unread is None:
            unread = self._handlers[details.method] = self._unread(handler)
        return unread

    def _unread(self, handler: Handler) -> Handler:
        behavior = handler.unary_unary

        async def answer(requests: Any, context: Context) -> Any:
            refusal = self._admission.refusal()
            request = Unread(refusal) if refusal else await anext(requests, b"")  # a place has come free
            return await behavior(request, context)

        # gRPC leaves only the requests of a stream to their method to read.
        return grpc.stream_unary_rpc_method_handler(answer, None, handler.response_serializer)
