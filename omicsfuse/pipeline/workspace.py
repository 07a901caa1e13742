"""The output folder of a run: nothing half-written, nothing of the user's lost."""

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.io.results import write_json
from omicsfuse.pipeline.folder import INDEX, RECORD

#: Hidden folder inside the output folder: results before they are published, finished stages.
HIDDEN = ".omicsfuse"

#: What is added to the error of a run that is worth resuming.
RESUMABLE = "Finished stages and tasks are kept; continue with --resume (in Python, resume=True)."


class Workspace:
    """Where a run writes until it is done: a hidden folder in ``out``, moved into place at the end.

    The record (``run.json``) comes last, so that a folder with one is whole, and a failed run
    leaves an earlier result; finished work is kept for ``resume``. Only results of its name are
    replaced.
    """

    def __init__(self, out: Path, name: str = "", resume: bool = False) -> None:
        self.out = Path(out)
        self.resume = resume
        self._made = [folder for folder in (self.out, *self.out.parents) if not folder.exists()]
        if self.out.exists() and not self.out.is_dir():
            raise StudyError(f"{self.out} is a file; name a folder for the results.")
        inside = [path.name for path in self.out.iterdir()] if self.out.is_dir() else []
        foreign = [name for name in inside if name != HIDDEN]
        if foreign and not _ours(self.out / RECORD):
            raise StudyError(
                f"{self.out} holds files that are not results of omicsfuse ({sorted(foreign)[0]}"
                f"{' and others' if len(foreign) > 1 else ''}); name a new or empty folder."
            )
        self._spare([INDEX])
        earlier = _record(self.out / RECORD).get("name", name)
        if name and earlier != name:
            raise StudyError(
                f"{self.out} holds the results of {earlier!r}, and this is {name!r}; name "
                "another folder, or delete those results."
            )

    def _spare(self, names: Iterable[str]) -> None:
        """Refuse to write where something lies that no earlier run has written."""
        earlier = {*_files_of(self.out / RECORD), RECORD}
        for name in names:
            for path in (Path(name), *Path(name).parents):
                there = self.out / path
                taken = there.exists() and (path == Path(name) or there.is_file())
                if taken and path.as_posix() not in earlier:
                    raise StudyError(
                        f"{there} was not written by omicsfuse and would be overwritten. Move "
                        "it, or name another folder for the results."
                    )

    @property
    def staging(self) -> Path:
        """Folder that results are written to before they are published."""
        return self.out / HIDDEN / "staging"

    @property
    def cache(self) -> Path:
        """Folder that finished long stages are kept in until the run is done."""
        return self.out / HIDDEN / "stages"

    @property
    def tasks(self) -> Path:
        """Folder that finished tasks of a long stage are kept in until the run is done."""
        return self.out / HIDDEN / "tasks"

    def __enter__(self) -> Self:
        self._lock()
        shutil.rmtree(self.staging, ignore_errors=True)
        if self.resume and not self._keeps():
            warnings.warn(
                f"{self.out} holds no unfinished run: the whole study is computed.",
                OmicsfuseWarning,
                stacklevel=2,
            )
        if not self.resume:
            shutil.rmtree(self.cache, ignore_errors=True)
            shutil.rmtree(self.tasks, ignore_errors=True)
        self.staging.mkdir(parents=True)
        return self

    @property
    def _locked(self) -> Path:
        return self.out / HIDDEN / "lock"

    def _lock(self) -> None:
        """Keep other runs out of the folder; a lock whose process is gone counts for nothing."""
        self._locked.parent.mkdir(parents=True, exist_ok=True)
        try:
            owner = int(self._locked.read_text())
        except (OSError, ValueError):
            owner = 0
        if owner and owner != os.getpid() and _alive(owner):
            raise StudyError(
                f"another run (process {owner}) is writing to {self.out}; wait for it, or name "
                "another folder."
            )
        self._locked.write_text(str(os.getpid()))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.staging, ignore_errors=True)
        self._locked.unlink(missing_ok=True)
        if error is not None and self._keeps():
            error.add_note(RESUMABLE)
            return
        shutil.rmtree(self.out / HIDDEN, ignore_errors=True)
        # Only what this run made, and only while nothing else has come to lie in it.
        _remove_empty(self._made if kind is not None else [])

    def _keeps(self) -> bool:
        """Tell whether a long stage, or some tasks of one, were finished."""
        # Beside its results joblib keeps the source of a stage, which alone is nothing to resume.
        remembered = (*self.cache.rglob("output.pkl"), *self.tasks.rglob("*.npz"))
        return any(path.is_file() for path in remembered)

    def remembered(
        self,
        fingerprint: str,
        function: Callable[..., Any],
        *args: Any,
        n_jobs: int,
        how: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run a long stage, or take up its result and warnings from an earlier, unfinished run."""
        from joblib import Memory

        memory = Memory(self.cache / fingerprint[:16], verbose=0)
        speed = {**({"n_jobs": n_jobs} if n_jobs else {}), **(how or {})}
        with warnings.catch_warnings():
            # joblib warns when storing takes longer than computing: nothing to act on here.
            warnings.filterwarnings("ignore", message="Persisting input arguments took")
            stage = memory.cache(_with_warnings, ignore=["speed"])
            value, messages = stage(function, _Arguments((args, kwargs)), speed)
        for message in messages:
            warnings.warn(message, OmicsfuseWarning, stacklevel=2)
        return value

    def publish(self, record: Mapping[str, Any]) -> None:
        """Move the staged files into place, the record last, and drop what an earlier run left."""
        staged = sorted(path for path in self.staging.rglob("*") if path.is_file())
        names = [path.relative_to(self.staging).as_posix() for path in staged]
        write_json({**record, "files": [*names, RECORD]}, self.staging / RECORD)
        self._spare(names)
        target = self.out / RECORD
        stale = _files_of(target) - {*names, RECORD}
        target.unlink(missing_ok=True)
        for name in names:
            (self.out / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(self.staging / name, self.out / name)
        for name in stale:
            (self.out / name).unlink(missing_ok=True)
        left = {self.out / folder for name in stale for folder in Path(name).parents}
        _remove_empty(sorted(left, reverse=True))
        os.replace(self.staging / RECORD, target)


class _Arguments(tuple[Any, ...]):
    """Arguments of a stage; joblib writes their text down, which for whole cohorts takes long."""

    def __repr__(self) -> str:
        return f"{len(self[0])} arguments and {', '.join(self[1]) or 'nothing'} by name"


def _with_warnings(
    function: Callable[..., Any], arguments: _Arguments, speed: dict[str, Any]
) -> tuple[Any, list[str]]:
    """Run a stage and return its warnings beside its value, so that both can be remembered."""
    args, kwargs = arguments
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", OmicsfuseWarning)
        value = function(*args, **kwargs, **speed)
    return value, [str(warning.message) for warning in caught]


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove those of some folders, the inner ones first, that hold nothing."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _alive(process: int) -> bool:
    """Tell whether a process runs; where that cannot be asked, assume that it does not."""
    if os.name != "posix":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _ours(path: Path) -> bool:
    """Tell whether a record was written by a run of omicsfuse."""
    versions = _record(path).get("versions")
    return isinstance(versions, dict) and "omicsfuse" in versions


def _record(path: Path) -> dict[str, Any]:
    """Read the record of an earlier run; empty where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _files_of(record: Path) -> set[str]:
    """Files that an earlier run says it wrote; only those inside its own folder count."""
    files = _record(record).get("files", [])
    named = [Path(name) for name in files if isinstance(name, str)]
    return {path.as_posix() for path in named if not path.is_absolute() and ".." not in path.parts}
