"""How a result came about: versions, hashes of the inputs, warnings, seconds a stage."""

import hashlib
import json
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.io.paths import sha256_of

_PACKAGES = (
    "omicsfuse",
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
    return {"python": platform.python_version(), **packages}


def input_hashes(base: Path, paths: list[Path]) -> dict[str, str]:
    """SHA-256 of input files, by path below ``base``, or else by the end of the path.

    An absolute path would make the record differ between machines; as many parent folders are
    kept as it takes to tell files apart.
    """
    resolved = list(dict.fromkeys(path.resolve() for path in paths))
    hashes: dict[str, str] = {}
    for path in resolved:
        others = [other for other in resolved if other != path]
        if path.is_relative_to(base):
            name = path.relative_to(base).as_posix()
        else:
            parts = min(2, len(path.parts))
            while any(other.parts[-parts:] == path.parts[-parts:] for other in others):
                parts += 1
            name = Path(*path.parts[-parts:]).as_posix()
        hashes[name] = sha256_of(path)
    return hashes


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of a mapping of plain values."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class Clock:
    """Announces each stage and notes how long it took."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time one stage."""
        if self.progress:
            self.progress(stage)
        start = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - start, 3)


@contextmanager
def recorded_warnings() -> Iterator[Callable[[], list[str]]]:
    """Collect warnings for the record, each once and in order, in place of printing them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", OmicsfuseWarning)
        yield lambda: list(dict.fromkeys(str(w.message) for w in caught))
