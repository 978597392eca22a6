"""``photochrom-serve check``: whether the server would start, and with what. Nothing is served."""

from collections.abc import Callable

from photochrom_serving import table, tls
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
    checks: tuple[Callable[[], object], ...] = (servables.require, lambda: tls.credentials(settings))
    for pass_ in checks:
        try:
            pass_()
        except StartupError as error:
            problems += [str(error)] if str(error) not in problems else []
    servables.close()
    return problems
