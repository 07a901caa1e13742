"""What a command shows while it works: bars on a terminal, lines in a log, and warnings."""

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from omicsfuse.core.errors import OmicsfuseWarning

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """Two bars: the stages of a run, and below it the repeated work of the present stage."""

    def __init__(self, bars: "Progress", stages: Sequence[str]) -> None:
        self._bars = bars
        self._stages = stages
        self._stage = ""
        self._outer = bars.add_task("", total=len(stages))
        self._inner = bars.add_task("", visible=False)

    def __call__(self, stage: str) -> None:
        """Show that a stage begins."""
        self._stage = stage
        self._bars.update(self._outer, description=stage, completed=self._stages.index(stage))
        self._bars.update(self._inner, visible=False)

    def done(self, stage: str, seconds: float | None, warnings: list[str]) -> None:
        """Print the warnings of a stage that has ended, above the bars."""
        for warning in warnings:
            self._bars.console.print(f"warning: {warning}", markup=False, highlight=False)

    def tasks(self, work: str, done: int, total: int) -> None:
        """Show how many tasks of the present stage are done."""
        if done == 0:
            self._bars.reset(self._inner)
        self._bars.update(
            self._inner,
            description=f"{self._stage}: {work} {done}/{total}",
            completed=done,
            total=total,
            visible=True,
        )


class Lines:
    """A line at the beginning and at the end of each stage, for pipes and logs."""

    def __call__(self, stage: str) -> None:
        """Say that a stage begins."""
        click.echo(f"{stage}: begins", err=True)

    def done(self, stage: str, seconds: float | None, warnings: list[str]) -> None:
        """Say what a stage warns of, and how long it took if it was done."""
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        if seconds is not None:
            click.echo(f"{stage}: done in {seconds:.1f} s", err=True)


@contextmanager
def shown_progress(stages: Sequence[str]) -> Iterator[Bars | Lines]:
    """Show progress bars on a terminal, and lines in a pipe."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Bars(bars, stages)


class DownloadLines:
    """Lines on downloads, for pipes and logs: the beginning, each tenth, the end."""

    def __init__(self) -> None:
        self._tenths: dict[str, int] = {}

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Say how much of a file is here, if a further tenth (or 100 MB) is."""
        tenth = 10 * done // total if total else done // 100_000_000
        if self._tenths.get(name) != tenth:
            self._tenths[name] = tenth
            of = f" of {total / 1e6:,.1f}" if total else ""
            click.echo(f"{name}: {done / 1e6:,.1f}{of} MB", err=True)

    def tell(self, text: str) -> None:
        """Say what happened on the way."""
        click.echo(text, err=True)


class DownloadBars:
    """A bar for each file that comes in."""

    def __init__(self, bars: "Progress") -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Show how much of a file is here."""
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)

    def tell(self, text: str) -> None:
        """Say what happened on the way, above the bars."""
        self._bars.console.print(text, markup=False, highlight=False)


@contextmanager
def shown_downloads() -> Iterator[DownloadBars | DownloadLines]:
    """Show downloads as bars on a terminal, and as lines in a pipe."""
    if not sys.stderr.isatty():
        yield DownloadLines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield DownloadBars(bars)


@contextmanager
def shown_warnings() -> Iterator[None]:
    """Print our own warnings as plain lines, and nobody else's."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", OmicsfuseWarning)
        try:
            yield
        finally:
            for warning in dict.fromkeys(str(w.message) for w in caught):
                click.echo(f"warning: {warning}", err=True)
