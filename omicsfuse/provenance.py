"""How a result came about: versions, hashes of the inputs, warnings, seconds a stage."""

import hashlib
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from omicsfuse.errors import OmicsfuseWarning

_PACKAGES = (
    "omicsfuse",
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "snfpy",
    "gseapy",
    "lifelines",
    "umap-learn",
    "matplotlib",
)


def versions() -> dict[str, str]:
    """Versions of Python, of omicsfuse and of the packages whose numbers end up in the results."""
    packages = {package: version(package) for package in _PACKAGES}
    return {"python": platform.python_version(), **packages}


def input_hashes(base: Path, paths: list[Path]) -> dict[str, str]:
    """SHA-256 of input files, named relative to ``base`` where they lie below it."""
    hashes = {}
    for path in paths:
        inside = path.is_relative_to(base)
        name = path.relative_to(base).as_posix() if inside else f"{path.parent.name}/{path.name}"
        hashes[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return hashes


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
