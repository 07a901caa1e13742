"""Where files named in a manifest or a study are, and their fingerprints."""

import hashlib
import os
import re
import sys
from pathlib import Path

from omicsfuse.core.errors import CohortError, OmicsfuseError

#: The one environment variable that a path may begin with.
DATA_VARIABLE = "OMICSFUSE_DATA"


def data_folder() -> Path:
    """Folder that ``$OMICSFUSE_DATA`` stands for; without it, one in the user's cache folder."""
    if folder := os.environ.get(DATA_VARIABLE, ""):
        return Path(folder).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "omicsfuse"


def resolve_path(text: str, base: Path, error: type[OmicsfuseError] = CohortError) -> Path:
    """Path as a TOML file writes it: relative to its folder, absolute, or ``$OMICSFUSE_DATA/``."""
    if not text.strip():
        raise error("a path is empty; expected the name of a file.")
    prefix = next((p for p in (f"${DATA_VARIABLE}", f"${{{DATA_VARIABLE}}}") if text == p), None)
    for start in (f"${DATA_VARIABLE}/", f"${{{DATA_VARIABLE}}}/"):
        if text.startswith(start):
            prefix = start
    if prefix is not None:
        folder = data_folder()
        if not os.environ.get(DATA_VARIABLE) and not folder.is_dir():
            raise error(
                f'the path "{text}" begins with ${DATA_VARIABLE}, but this environment '
                "variable is not set. Set it to the folder that holds the data, or pass "
                "--data DIR."
            )
        return folder / text[len(prefix) :].lstrip("/")
    return base / Path(text).expanduser()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits; of a folder, that of its files and names.

    Hidden files and folders do not count.
    """
    if Path(path).is_dir():
        whole = hashlib.sha256()
        files = sorted(file.relative_to(path).as_posix() for file in Path(path).rglob("*"))
        for name in files:
            if (Path(path) / name).is_file() and not re.search(r"(^|/)\.", name):
                whole.update(f"{sha256_of(Path(path) / name)}  {name}\n".encode())
        return whole.hexdigest()
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
