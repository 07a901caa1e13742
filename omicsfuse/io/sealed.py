"""JSON files with a format, a version and a hash: read with every fault told, hashed one way."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from omicsfuse.core.errors import OmicsfuseError
from omicsfuse.io.whole import write_whole


def content_digest(content: Mapping[str, Any], errors: str = "strict") -> str:
    """SHA-256 in hexadecimal digits of a mapping as JSON, keys sorted, no spaces, UTF-8."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", errors)).hexdigest()


def plain(value: Any, number: Callable[[float], Any], refuse: Callable[[Any], NoReturn]) -> Any:
    """Bring a value to the types that JSON gives back, by ``number`` where it may not be finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(item, number, refuse) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item, number, refuse) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return number(float(value))
    return value if value is None or isinstance(value, str) else refuse(value)


def write_object(path: str | Path, text: str, kind: str, error: type[OmicsfuseError]) -> None:
    """Write the text of an object; the file appears whole or not at all."""
    try:
        write_whole(Path(path), text)
    except OSError as fault:
        raise error(f"{path}: the {kind} cannot be written: {fault}.") from fault


def read_object(
    path: str | Path, kind: str, file_format: str, version: int, error: type[OmicsfuseError]
) -> dict[str, Any]:
    """Read a JSON object of a stated format and version."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        raise error(f"{path}: the {kind} cannot be read: {reason}.") from fault
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as fault:
        raise error(
            f"{path}: not a {kind} file: it is not JSON, or is truncated ({fault})."
        ) from fault
    if not isinstance(content, dict) or content.get("format") != file_format:
        raise error(
            f'{path}: not a {kind} file: expected an object with "format": "{file_format}".'
        )
    if content.get("format_version") != version:
        raise error(
            f"{path}: {kind} format version {content.get('format_version')!r}; this version "
            f"of omicsfuse reads {version}. Use the version of omicsfuse that wrote it."
        )
    return content


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number in JSON")
