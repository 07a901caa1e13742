"""One file from one address: resumed, tried again, and refused where it is not the file meant.

Bytes go to ``NAME.part`` beside the target, and ``NAME.part.json`` says which resource they are of;
the target appears whole, verified, or not at all.
"""

import errno
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from omicsfuse.core.errors import DatasetError
from omicsfuse.datasets.content import wrong_content
from omicsfuse.datasets.lock import exclusive
from omicsfuse.io.paths import sha256_of
from omicsfuse.io.whole import write_whole

#: Called while a file comes in: its name, the bytes so far, and all its bytes (None if not told).
Progress = Callable[[str, int, int | None], None]

#: Seconds between tries that bring nothing new; after the last of them it gives up.
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)

_CHUNK = 1 << 18
_TIMEOUT = 60.0
_LONGEST_WAIT = 120.0
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_PASSING_FAULTS = (
    TimeoutError,
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
    http.client.HTTPException,
    ssl.SSLEOFError,
)


@dataclass
class Resource:
    """What a server says of the file behind an address."""

    url: str
    length: int | None = None
    etag: str = ""
    modified: str = ""

    def validator(self) -> str:
        """What a server can compare for us: a strong ETag, or else the date of the last change."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified

    def differs(self, other: "Resource") -> bool:
        """Whether anything that both tell of differs."""
        pairs = zip(
            (self.length, self.etag, self.modified),
            (other.length, other.etag, other.modified),
            strict=True,
        )
        return any(mine and theirs and mine != theirs for mine, theirs in pairs)


class _PassingError(Exception):
    """The connection or the server failed in a way that may pass."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but never from https to an address that anyone on the way can alter."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https://") and not newurl.startswith("https://"):
            raise DatasetError(
                f"{req.full_url} redirects to {newurl}, which is not encrypted. Nothing was "
                "fetched from there; look for an https address of the file."
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_address(request: urllib.request.Request) -> Any:
    """Open an address, following redirects; tests put their own in its place."""
    return urllib.request.build_opener(_Redirects).open(request, timeout=_TIMEOUT)


def download(
    url: str,
    target: Path,
    *,
    sha256: str = "",
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    pauses: tuple[float, ...] = PAUSES,
) -> str:
    """Fetch a file, verify it if its SHA-256 is known, put it in place; give its SHA-256."""
    say = tell or (lambda text: None)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with exclusive(target.with_name(f"{target.name}.part.lock")):
            return _Download(url, target, sha256, progress, say, pauses).run()
    except OSError as fault:
        raise DatasetError(f"{target} cannot be written: {fault.strerror or fault}.") from None


class _Download:
    """The state of one download."""

    def __init__(
        self,
        url: str,
        target: Path,
        sha256: str,
        progress: Progress | None,
        say: Callable[[str], None],
        pauses: tuple[float, ...],
    ) -> None:
        self.url, self.target, self.sha256 = url, target, sha256
        self.progress, self.say, self.pauses = progress, say, pauses
        self.part = target.with_name(f"{target.name}.part")
        self.told = target.with_name(f"{target.name}.part.json")
        self.resumed = False
        self.tries = 0

    def run(self) -> str:
        """Try until the file is whole, then verify it and give it its name."""
        if self.sha256 and self.target.is_file() and sha256_of(self.target) == self.sha256:
            return self.sha256  # another process fetched it while this one waited
        try:
            self._until_whole()
            self._refuse_wrong_content()
            digest = sha256_of(self.part)
            if self.sha256 and digest != self.sha256 and self.resumed:
                self.say(f"{self.target.name}: pieces of two files; restarted")
                self._forget()
                self._until_whole()
                digest = sha256_of(self.part)
        except KeyboardInterrupt as interrupt:
            if self._size():
                interrupt.add_note(
                    f"{self._size():,} bytes of {self.target.name} are kept in {self.part}; the "
                    "same command goes on from there."
                )
            raise
        if self.sha256 and digest != self.sha256:
            self._forget()
            raise DatasetError(
                f"{self.url} is not the file recorded for {self.target}: its SHA-256 is "
                f"{digest}, expected {self.sha256}. Nothing was kept. The file may have changed at "
                "its source, or the download may have failed. Try again, or check the source."
            )
        # os.replace: the target is the old file or the new one, and nothing between.
        self.part.replace(self.target)
        self._forget()
        return digest

    def _until_whole(self) -> None:
        """Try again, with growing pauses, as long as tries fail in a way that may pass."""
        failures, most = 0, self._size()
        while True:
            try:
                self._try()
                return
            except _PassingError as fault:
                failures = 0 if self._size() > most else failures
                most = max(most, self._size())
                if failures == len(self.pauses):
                    raise DatasetError(self._gave_up(str(fault))) from None
                wait = max(self.pauses[failures], fault.wait)
                failures += 1
                self.say(f"{self.target.name}: {fault}; trying again in {wait:g} s")
                time.sleep(wait)

    def _gave_up(self, reason: str) -> str:
        kept = (
            f" {self._size():,} bytes are kept in {self.part}: the same command goes on from there."
            if self._size()
            else ""
        )
        return (
            f"{self.url} cannot be fetched: {reason}, in {self.tries} tries.{kept} "
            "Check the connection and try again later."
        )

    def _try(self) -> None:
        """Ask for what is missing, and add it to the part."""
        self.tries += 1
        known = self._known()
        request = urllib.request.Request(
            self.url, headers={"User-Agent": "omicsfuse", "Accept-Encoding": "identity"}
        )
        start = self._size() if known else 0
        if known and known.length == start and start:
            return
        if start and known:
            request.add_header("Range", f"bytes={start}-")
            if known.validator():
                request.add_header("If-Range", known.validator())
        try:
            with open_address(request) as response:
                self._take(response, start, known)
        except urllib.error.HTTPError as fault:
            fault.close()
            self._refused(fault, start)
        except (urllib.error.URLError, http.client.HTTPException, ValueError, OSError) as fault:
            reason = getattr(fault, "reason", fault)
            if isinstance(reason, _PASSING_FAULTS):
                what = (
                    "the server does not answer" if isinstance(reason, TimeoutError) else "cut off"
                )
                raise _PassingError(f"{what} ({str(reason) or type(reason).__name__})") from None
            if isinstance(reason, socket.gaierror):
                reason = f"the address of its server is not known here ({reason.strerror})"
            raise DatasetError(
                f"{self.url} cannot be fetched: {reason}. Check the address and the connection."
            ) from None

    def _refused(self, fault: urllib.error.HTTPError, start: int) -> None:
        """Tell what a server's refusal means: to begin again, to wait, or to stop."""
        if fault.code == 416 and start:
            self._forget()
            raise _PassingError("the server has no more of it than is here, restarted") from None
        said = f"the server answers {fault.code} {fault.reason}"
        if fault.code in _PASSING:
            after = fault.headers.get("Retry-After", "")
            wait = min(float(after), _LONGEST_WAIT) if after.isdigit() else 0.0
            raise _PassingError(said, wait) from None
        meaning = {
            401: " It asks for a login, which omicsfuse has none of.",
            403: " It does not give this file to everyone.",
            404: " The file is not there, or no longer.",
        }.get(fault.code, "")
        raise DatasetError(f"{self.url} cannot be fetched: {said}.{meaning}") from None

    def _take(self, response: Any, start: int, known: Resource | None) -> None:
        """Add what a server gives to the part, from where it says that this belongs."""
        headers = response.headers
        length = headers.get("Content-Length", "")
        now = Resource(
            self.url,
            int(length) if length.isdigit() else None,
            headers.get("ETag", ""),
            headers.get("Last-Modified", ""),
        )
        if start and response.status == 206:
            place = re.fullmatch(
                r"bytes (\d+)-\d+/(\d+|\*)", headers.get("Content-Range", "").strip()
            )
            now.length = int(place[2]) if place and place[2] != "*" else None
            if place is None or int(place[1]) != start or (known and known.differs(now)):
                self._forget()
                raise _PassingError("the file changed at its source, restarted")
            now.length = now.length or (known.length if known else None)
            self.resumed = True
        elif start:
            self.say(
                f"{self.target.name}: the server gives the whole file, not its rest; restarted"
            )
            start = 0
        self._refuse_full_disk(now.length, start)
        try:
            write_whole(self.told, json.dumps(vars(now)))
            out = self.part.open("r+b" if start else "wb")
        except OSError as fault:
            raise self._disk_fault(fault) from None
        with out:
            self._copy(response, out, start, now.length)
        self._refuse_cut(now.length)

    def _copy(self, response: Any, out: BinaryIO, start: int, total: int | None) -> None:
        """Copy piece by piece; the first piece already tells a page from a table."""
        out.seek(start)
        done = start
        while piece := response.read(_CHUNK):
            try:
                out.write(piece)
                out.flush()
            except OSError as fault:
                raise self._disk_fault(fault) from None
            if done == 0:
                self._refuse_wrong_content()
            done += len(piece)
            if self.progress is not None:
                self.progress(self.target.name, done, total)

    def _refuse_cut(self, total: int | None) -> None:
        if total is not None and self._size() < total:
            raise _PassingError(f"cut off after {self._size():,} of {total:,} bytes")
        if total is not None and self._size() > total:
            self._forget()
            raise _PassingError(f"more than the {total:,} bytes announced, restarted")
        if not self._size():
            raise DatasetError(f"{self.url} gives an empty file. Look at the source.")

    def _refuse_full_disk(self, total: int | None, start: int) -> None:
        free = shutil.disk_usage(self.target.parent).free
        if total is not None and total - start > free:
            raise DatasetError(
                f"{self.target} needs {total - start:,} bytes more, and the disk of "
                f"{self.target.parent} has {free:,} left. Make room, or choose another folder."
            )

    def _disk_fault(self, fault: OSError) -> DatasetError:
        full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
        return DatasetError(
            f"{self.part} cannot be written: "
            f"{'the disk is full' if full else fault.strerror or fault}. The part is kept: "
            f"{'make room and ' if full else ''}give the same command, which goes on from there."
        )

    def _refuse_wrong_content(self) -> None:
        """Refuse a page, a pointer or an archive that is none, in place of the file."""
        with self.part.open("rb") as stream:
            head = stream.read(4096)
        if fault := wrong_content(head, self.target.name):
            self._forget()
            raise DatasetError(f"{self.url} gives {fault}. Nothing was kept.")

    def _known(self) -> Resource | None:
        """What the part is a part of, if that is certain enough to go on from it."""
        try:
            known = Resource(**json.loads(self.told.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        certain = known.validator() or (self.sha256 and known.length)
        return known if known.url == self.url and self._size() and certain else None

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def _forget(self) -> None:
        for path in (self.part, self.told):
            with suppress(FileNotFoundError):
                os.unlink(path)
