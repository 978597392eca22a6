"""How far a long command is: a bar with the rate and the time that is left, for a person who watches."""

import contextlib
from collections.abc import Callable, Iterator

from photochrom._cli import _console


@contextlib.contextmanager
def progress(total: int, unit: str) -> Iterator[Callable[[], None]]:
    """Show a bar on standard error, if that is a terminal; calling what this gives moves it on by one.

    :param total: how many there are.
    :param unit: what there are so many of.
    """
    if not _console.is_watched():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed or 0:.1f}/s")

    columns = (BarColumn(None), MofNCompleteColumn(), unit, Rate(), TimeRemainingColumn())
    # It knows NO_COLOR, and a terminal that can do less.
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)
