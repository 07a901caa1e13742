"""Finished tasks on disk: what was computed before an interruption need not be computed again."""

import json
import os
import pickle
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from joblib import hash as hash_of

#: Packages that decide on the numbers of a task.
_PACKAGES = ("omicsfuse", "numpy", "scipy", "scikit-learn", "numba")

#: What reading a damaged file, or one that is not ours, may raise; zipfile raises
#: NotImplementedError where a damaged byte names a compression that it does not know.
_UNREADABLE: tuple[type[Exception], ...] = (OSError, EOFError, ValueError, TypeError, KeyError)
_UNREADABLE += (IndexError, NotImplementedError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class KeptTasks:
    """Results of the tasks of one function with one set of shared arguments, kept in a folder.

    A file of a few tasks is named by a hash of all that decides on them, so that nothing stale is
    taken up; without pickled objects, reading never runs code.
    """

    folder: Path
    key: str

    def name(self, tasks: Sequence[Any]) -> str:
        """Hash that results of these tasks are kept under."""
        return str(hash_of((self.key, list(tasks))))

    def load(self, tasks: Sequence[Any]) -> tuple[list[Any], list[str]] | None:
        """Results of these tasks and their warnings; None where there is no sound file of ours."""
        name = self.name(tasks)
        try:
            with (
                (self.folder / f"{name}.npz").open("rb") as file,
                np.load(file, allow_pickle=False) as archive,
            ):
                header = json.loads(str(archive["header"]))
                if header["name"] != name or len(header["results"]) != len(tasks):
                    return None
                results = [_decoded(result, archive) for result in header["results"]]
                return results, [str(message) for message in header["warnings"]]
        except _UNREADABLE:
            return None

    def save(self, tasks: Sequence[Any], results: Sequence[Any], messages: Sequence[str]) -> None:
        """Keep results under their hash; the file is there whole or not at all."""
        name = self.name(tasks)
        arrays: list[np.ndarray] = []
        encoded = [_encoded(result, arrays) for result in results]
        header = json.dumps({"name": name, "results": encoded, "warnings": list(messages)})
        self.folder.mkdir(parents=True, exist_ok=True)
        # The name of the process keeps two runs that share a folder out of each other's way.
        unfinished = self.folder / f"{name}.{os.getpid()}.tmp"
        try:
            with unfinished.open("wb") as file:
                members: dict[str, Any] = {f"array_{i}": array for i, array in enumerate(arrays)}
                np.savez(file, header=np.array(header), **members)
            os.replace(unfinished, self.folder / f"{name}.npz")
        finally:
            unfinished.unlink(missing_ok=True)


def kept_tasks(
    folder: Path | None, function: Callable[..., Any], shared: Sequence[Any]
) -> KeptTasks | None:
    """Open the store of a function's tasks; None without a folder, or if no hash can be made."""
    if folder is None:
        return None
    names = f"{function.__module__}.{function.__qualname__}"
    versions = [version(package) for package in _PACKAGES]
    try:
        return KeptTasks(Path(folder), str(hash_of((names, versions, list(shared)))))
    except (pickle.PicklingError, AttributeError, TypeError):
        return None


def _encoded(value: Any, arrays: list[np.ndarray]) -> Any:
    """A value as JSON, its arrays set aside; types are kept, so that what is read back is equal."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        arrays.append(np.asarray(value))
        return {"array" if isinstance(value, np.ndarray) else "number": len(arrays) - 1}
    if type(value) in (list, tuple):
        return {type(value).__name__: [_encoded(item, arrays) for item in value]}
    if type(value) is dict:
        return {"dict": [[_encoded(x, arrays) for x in pair] for pair in value.items()]}
    raise TypeError(
        f"a task returned {type(value).__name__}; kept tasks must return numbers, text, NumPy "
        "arrays of them, and tuples, lists and dicts of these."
    )


def _decoded(value: Any, archive: Any) -> Any:
    """The value that was encoded."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return archive[f"array_{content}"]
    if kind == "number":
        return archive[f"array_{content}"][()]
    if kind == "dict":
        return {_decoded(key, archive): _decoded(item, archive) for key, item in content}
    return {"list": list, "tuple": tuple}[kind](_decoded(item, archive) for item in content)
