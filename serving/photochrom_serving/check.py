"""``photochrom-serve check``: whether the server would start, and with what. Nothing is served."""

from collections.abc import Callable, Iterator

from photochrom_serving import table, tls, tokens
from photochrom_serving.errors import StartupError
from photochrom_serving.servables import Servables
from photochrom_serving.settings import Settings


def check(settings: Settings) -> list[str]:
    """Read what a server would read, load and warm up its models, and print them as a table.

    :returns: every problem; some are such that a server would start all the same.
    :raises StartupError: if the models cannot even be looked at.
    """
    servables = Servables(settings)
    problems = servables.load_all()
    print(table.render(servables), end="", flush=True)
    if not problems or servables.available():  # otherwise they are why there is nothing to require
        problems += _problems(servables.require)
    problems += _problems(lambda: tls.credentials(settings))
    if file := settings.tokens:
        problems += _problems(lambda: tokens.read(file))
    servables.close()
    return problems


def _problems(attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except StartupError as error:
        yield str(error)
