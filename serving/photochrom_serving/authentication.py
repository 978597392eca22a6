"""Who calls: a token or a client certificate, before anything of the request is parsed.

Every service but health asks for it; probes have no secrets, and what health tells is none.
"""

import inspect
from collections.abc import AsyncIterator
from typing import Any

from photochrom_serving import calls
from photochrom_serving.calls import Context
from photochrom_serving.errors import UnauthenticatedError
from photochrom_serving.routes import Handler, around
from photochrom_serving.status import refuse
from photochrom_serving.tokens import Tokens

_OPEN = "/grpc.health.v1.Health/"


class AuthenticationLayer:
    """Lets in those whom the tokens know, and notes who they are."""

    def __init__(self, tokens: Tokens | None) -> None:
        """:param tokens: None lets everybody in whom TLS did."""
        self._tokens = tokens

    def __call__(self, method: str, handler: Handler) -> Handler:
        """The method's handler behind the check."""
        return handler if method.startswith(_OPEN) else around(handler, self._checked)

    def _checked(self, behavior: Any) -> Any:
        if inspect.isasyncgenfunction(behavior):

            async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
                await self._check(context)
                async for response in behavior(request, context):
                    yield response

            return stream

        async def answer(request: Any, context: Context) -> Any:
            await self._check(context)
            return await behavior(request, context)

        return answer

    async def _check(self, context: Context) -> None:
        call = calls.current()
        call.certificate = _certificate(context)
        if self._tokens is None:
            return
        try:
            call.caller = self._tokens.authenticate(dict(context.invocation_metadata() or ()))
        except UnauthenticatedError as error:
            await refuse(context, error)


def _certificate(context: Context) -> str:
    """A name of the client's certificate: the first alternative one, else the common one."""
    identity = context.auth_context()
    for key in ("x509_subject_alternative_name", "x509_common_name"):
        for name in identity.get(key, ()):
            return bytes(name).decode(errors="replace")
    return ""
