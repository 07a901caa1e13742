"""The lock file: SHA-256 of each file fetched into a folder, as it was when first downloaded."""

import datetime
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from omicsfuse.core.errors import DatasetError
from omicsfuse.io.paths import sha256_of
from omicsfuse.io.whole import write_whole

#: Name of the lock file, which lies in the folder whose files it records.
LOCK_NAME = "omicsfuse-lock.json"


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Let one process at a time do what is inside, where the system can see to that."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    while True:
        stream = path.open("a")
        fcntl.flock(stream, fcntl.LOCK_EX)
        # Whoever held it before removed it on leaving: the name may by now be another file's.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                break
        stream.close()
    with stream:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


class Lock:
    """What is recorded of the files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / LOCK_NAME

    def entries(self) -> dict[str, dict[str, str | int]]:
        """Records by path within the folder."""
        if not self.path.is_file():
            return {}
        try:
            files = json.loads(self.path.read_text(encoding="utf-8"))["files"]
            if all(isinstance(entry["sha256"], str) for entry in files.values()):
                return files
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise DatasetError(
            f"{self.path} is not a lock file of omicsfuse (JSON with a SHA-256 for each file). "
            "Restore it, or remove it: files are then recorded as they are found."
        )

    def get(self, path: Path) -> dict[str, str | int]:
        """Record of a file; empty if there is none."""
        return self.entries().get(self._key(path), {})

    def record(self, path: Path, url: str, sha256: str, how: str) -> None:
        """Record a file that is in place."""
        with exclusive(self.folder / f".{LOCK_NAME}.lock"):
            files = self.entries()
            files[self._key(path)] = {
                "url": url,
                "sha256": sha256,
                "bytes": path.stat().st_size,
                "how": how,
                "date": datetime.date.today().isoformat(),
            }
            content = {"version": 1, "files": dict(sorted(files.items()))}
            write_whole(self.path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    def twin(self, path: Path, url: str, sha256: str) -> Path | None:
        """Find another file of the folder that is the one wanted, by SHA-256 or by address."""
        for key, entry in self.entries().items():
            other = self.folder / key
            wanted = entry["sha256"] == sha256 if sha256 else entry.get("url") == url
            here = wanted and other != path and other.is_file()
            if here and sha256_of(other) == entry["sha256"]:
                return other
        return None

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def put_same(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the disk cannot do that."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.same")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    temporary.replace(target)
