"""Faults that a user can mend: told with the place they are in, and all of them at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from omicsfuse.core.errors import OmicsfuseError, StudyError


class Faults:
    """Gathers errors that a user can mend; at the end of its ``with`` block all are told at once.

    ``told`` says of an error whether it was told elsewhere and adds nothing.
    """

    def __init__(self, told: Callable[[Exception], bool] = lambda _: False) -> None:
        self._told = told
        self._faults: dict[str, OmicsfuseError] = {}

    def __bool__(self) -> bool:
        return bool(self._faults)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.tell()

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Keep an error that is raised inside and go on; one that was met before adds nothing."""
        try:
            yield
        except OmicsfuseError as error:
            for fault in error.faults or (error,):
                if not self._told(fault):
                    self._faults.setdefault(str(fault), fault)
        except OSError as error:
            if not self._told(error):
                raise

    def tell(self) -> None:
        """Raise a single fault as it is, several as one, and nothing where there is none."""
        faults = tuple(self._faults.values())
        if len(faults) == 1:
            raise faults[0]
        if faults:
            kinds = {type(fault) for fault in faults}
            lines = [f"{i}. {fault}" for i, fault in enumerate(faults, start=1)]
            several = kinds.pop() if len(kinds) == 1 else StudyError
            error = several("\n".join([f"{len(faults)} faults:", *lines]))
            error.faults = faults
            raise error from faults[0]


@contextmanager
def said_of(where: str) -> Iterator[None]:
    """Say of an error which table of which study file it is about."""
    try:
        yield
    except OmicsfuseError as error:
        with Faults() as faults:
            for fault in error.faults or (error,):
                with faults.gathered():
                    raise type(fault)(f"{where}{fault}") from fault
