"""Whether the first bytes of a download are those of the file that was meant."""

import re
from pathlib import Path

_MAGIC = {
    ".gz": b"\x1f\x8b",
    ".zip": b"PK",
    ".xlsx": b"PK",
    ".bz2": b"BZh",
    ".xz": b"\xfd7zXZ",
}


def wrong_content(head: bytes, name: str) -> str:
    """Say what the first bytes of a file are instead of what its name promises; else nothing."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    page = start.startswith((b"<!doctype html", b"<html"))
    if page and not name.lower().endswith((".html", ".htm")):
        title = re.search(rb"<title[^>]*>\s*(.*?)\s*</title>", head, re.IGNORECASE | re.DOTALL)
        called = f' titled "{title[1].decode("utf-8", "replace")[:80]}"' if title else ""
        return (
            f"an HTML page{called} in place of {name}: perhaps a login, a licence to accept, or "
            "an error. Open the address in a browser"
        )
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        return (
            f"a Git LFS pointer in place of {name}. Its content has another address "
            "(media.githubusercontent.com/media/OWNER/REPOSITORY/...)"
        )
    magic = _MAGIC.get(Path(name).suffix.lower())
    if magic and not head.startswith(magic):
        return f"something that is no {Path(name).suffix[1:]} file, in place of {name}"
    return ""
