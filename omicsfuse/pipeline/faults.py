"""Faults of a study: told with the place they are in, and all of them at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from omicsfuse.core.errors import OmicsfuseError, StudyError


class ManyFaultsError(StudyError):
    """More than one fault, told in one message."""

    def __init__(self, faults: list[OmicsfuseError]) -> None:
        self.faults = faults
        lines = [f"{i}. {fault}" for i, fault in enumerate(faults, start=1)]
        super().__init__("\n".join([f"{len(faults)} faults:", *lines]))


class Faults:
    """Gathers errors that a user can mend, so that all are told at once."""

    def __init__(self) -> None:
        self._faults: dict[str, OmicsfuseError] = {}

    def __bool__(self) -> bool:
        return bool(self._faults)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Keep an error that is raised inside and go on; one that was met before adds nothing."""
        try:
            yield
        except OmicsfuseError as error:
            several = error.faults if isinstance(error, ManyFaultsError) else [error]
            for fault in several:
                self._faults.setdefault(str(fault), fault)

    def tell(self) -> None:
        """Raise a single fault as it is, several as one, and nothing where there is none."""
        faults = list(self._faults.values())
        if len(faults) == 1:
            raise faults[0]
        if faults:
            raise ManyFaultsError(faults) from faults[0]


@contextmanager
def said_of(where: str) -> Iterator[None]:
    """Say of an error which table of which study file it is about."""
    try:
        yield
    except OmicsfuseError as error:
        raise type(error)(f"{where}{error}") from error
