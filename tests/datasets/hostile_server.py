"""A server on this machine that is slow, cuts off, redirects, lies, or changes its mind."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Remote:
    """What a server gives at one path, and how badly."""

    content: bytes = b""
    etag: str = '"one"'
    modified: str = ""
    ranges: bool = True
    #: Number of bytes after which each of the next answers is cut off.
    cuts: list[int] = field(default_factory=list)
    #: Codes of the next answers, before it is given at all.
    codes: list[int] = field(default_factory=list)
    retry_after: str = ""
    redirect: str = ""
    announce: int | None = None
    no_length: bool = False
    #: Seconds of silence after so many bytes of an answer.
    pause: float = 0.0
    pause_after: int = 0
    content_range: str = ""
    before: Callable[["Remote"], None] | None = None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.server.asked.append((self.path, wanted))
        remote = self.server.files.get(self.path)
        if remote is None:
            return self._plain(404)
        if remote.before is not None:
            remote.before(remote)
        if remote.codes:
            return self._plain(remote.codes.pop(0), remote.retry_after)
        if remote.redirect:
            self.send_response(302)
            self.send_header("Location", remote.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return self._give(remote, wanted)

    def _plain(self, code: int, retry_after: str = "") -> None:
        self.send_response(code)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _give(self, remote: Remote, wanted: str) -> None:
        condition = self.headers.get("If-Range", "")
        same = condition in ("", remote.etag, remote.modified)
        start = int(wanted[6:-1]) if wanted and remote.ranges and same else 0
        total = len(remote.content)
        if start >= total > 0:
            return self._plain(416)
        rest = remote.content[start:]
        self.send_response(206 if start else 200)
        if start:
            told = remote.content_range or f"bytes {start}-{total - 1}/{total}"
            self.send_header("Content-Range", told)
        if remote.etag:
            self.send_header("ETag", remote.etag)
        if remote.modified:
            self.send_header("Last-Modified", remote.modified)
        if remote.no_length:
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(remote.announce or len(rest)))
        self.end_headers()
        if remote.cuts:
            rest = rest[: remote.cuts.pop(0)]
            self.close_connection = True
        try:
            self.wfile.write(rest[: remote.pause_after])
            if remote.pause:
                time.sleep(remote.pause)
            self.wfile.write(rest[remote.pause_after :])
        except OSError:
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    """The server, its files by path, and what was asked of it: (path, Range)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, Remote] = {}
        self.asked: list[tuple[str, str]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


@contextmanager
def running() -> Iterator[Server]:
    """Run a server in a thread."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
