"""Where files named in a manifest or a study are, and their fingerprints."""

import hashlib
import os
from pathlib import Path

from omicsfuse.core.errors import CohortError, OmicsfuseError

#: The one environment variable that a path may begin with.
DATA_VARIABLE = "OMICSFUSE_DATA"


def resolve_path(text: str, base: Path, error: type[OmicsfuseError] = CohortError) -> Path:
    """Turn a path as written in a TOML file into a path to open.

    A path is relative to the folder of the file that names it, unless it is absolute or begins with
    ``$OMICSFUSE_DATA/``, which stands for the folder that environment variable names. No other
    variable is expanded.

    Parameters
    ----------
    text : str
        Path as written.
    base : pathlib.Path
        Folder of the file that names it.
    error : type
        Class of error to raise.

    Returns
    -------
    pathlib.Path
        Absolute or relative to the working directory; need not exist.

    Raises
    ------
    OmicsfuseError
        If the path is empty, or needs the variable and it is not set.

    Examples
    --------
    >>> resolve_path("clinical.tsv", Path("cohorts")).as_posix()
    'cohorts/clinical.tsv'
    """
    if not text.strip():
        raise error("a path is empty; expected the name of a file.")
    prefix = next((p for p in (f"${DATA_VARIABLE}", f"${{{DATA_VARIABLE}}}") if text == p), None)
    for start in (f"${DATA_VARIABLE}/", f"${{{DATA_VARIABLE}}}/"):
        if text.startswith(start):
            prefix = start
    if prefix is not None:
        folder = os.environ.get(DATA_VARIABLE, "")
        if not folder:
            raise error(
                f'the path "{text}" begins with ${DATA_VARIABLE}, and that environment variable is '
                "not set. Set it to the folder that holds the data, or pass --data DIR."
            )
        return Path(folder).expanduser() / text[len(prefix) :].lstrip("/")
    return base / Path(text).expanduser()


def sha256_of(path: Path) -> str:
    """Fingerprint a file.

    Parameters
    ----------
    path : pathlib.Path
        A file.

    Returns
    -------
    str
        SHA-256 of its bytes, 64 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "empty"
    ...     _ = file.write_bytes(b"")
    ...     sha256_of(file)[:12]
    'e3b0c44298fc'
    """
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
