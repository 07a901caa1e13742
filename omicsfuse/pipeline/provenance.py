"""How a result came about: versions, hashes of the inputs, warnings, seconds a stage."""

import hashlib
import json
import platform
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from omicsfuse import __version__
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.io.paths import sha256_of

_PACKAGES = (
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "numba",
    "snfpy",
    "gseapy",
    "lifelines",
    "umap-learn",
    "matplotlib",
    "tableone",
    "python-docx",
)


def versions() -> dict[str, str]:
    """Versions of Python, of omicsfuse and of the packages whose numbers end up in the results."""
    packages = {package: version(package) for package in _PACKAGES}
    return {"python": platform.python_version(), "omicsfuse": __version__, **packages}


def hashes_of(paths: Iterable[Path]) -> dict[Path, str]:
    """SHA-256 of files, by resolved path; each is read once."""
    return {path: sha256_of(path) for path in dict.fromkeys(path.resolve() for path in paths)}


def named_inputs(base: Path, hashes: Mapping[Path, str]) -> dict[str, str]:
    """Hashes by path below ``base``, or by its end: an absolute path differs between machines."""
    named: dict[str, str] = {}
    for path, sha256 in hashes.items():
        others = [other for other in hashes if other != path]
        if path.is_relative_to(base):
            name = path.relative_to(base).as_posix()
        else:
            parts = min(2, len(path.parts))
            while any(other.parts[-parts:] == path.parts[-parts:] for other in others):
                parts += 1
            name = Path(*path.parts[-parts:]).as_posix()
        named[name] = sha256
    return named


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of a mapping of plain values."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class Clock:
    """Announces the beginning and the end of each stage, and notes how long it took.

    ``warned`` gives all warnings so far; those of a stage are told when it ends, and when it fails.
    """

    def __init__(
        self, progress: Callable[[str], None] | None, warned: Callable[[], list[str]]
    ) -> None:
        self.begins = progress
        self.ends: Callable[[str, float | None, list[str]], None] | None = getattr(
            progress, "done", None
        )
        self.tasks: Callable[[str, int, int], None] | None = getattr(progress, "tasks", None)
        self.warned = warned
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time one stage."""
        if self.begins:
            self.begins(stage)
        before, start = len(self.warned()), time.perf_counter()
        try:
            yield
            self.seconds[stage] = round(time.perf_counter() - start, 3)
        finally:
            if self.ends:
                self.ends(stage, self.seconds.get(stage), self.warned()[before:])


@contextmanager
def recorded_warnings() -> Iterator[Callable[[], list[str]]]:
    """Collect warnings for the record, each once and in order, in place of printing them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", OmicsfuseWarning)
        yield lambda: list(dict.fromkeys(str(w.message) for w in caught))
