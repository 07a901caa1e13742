"""One download: resumed, tried again, verified, refused, against a server that misbehaves."""

import errno
import gzip
import hashlib
import json
import shutil
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hostile_server import Remote, Server, running

from omicsfuse.core.errors import DatasetError
from omicsfuse.datasets import download as module
from omicsfuse.datasets.content import wrong_content
from omicsfuse.datasets.download import download

#: Larger than one piece, and different everywhere, so that wrong places would show.
CONTENT = b"".join(b"P%07d\t%d\n" % (i, i * i) for i in range(40_000))
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NO_WAIT = (0.0, 0.0, 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "data" / "t.tsv"


def _clean(target: Path) -> bool:
    """Nothing but the file itself is in its folder."""
    return [path.name for path in target.parent.iterdir()] == [target.name]


def test_whole_file_with_progress(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT)
    steps: list[tuple[str, int, int | None]] = []
    digest = download(server.url("/t"), target, progress=lambda *step: steps.append(step))
    assert digest == DIGEST
    assert target.read_bytes() == CONTENT
    assert steps[-1] == ("t.tsv", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert _clean(target)


def test_cut_connections_are_resumed_where_they_were(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, cuts=[300_000, 250_000])
    said: list[str] = []
    download(server.url("/t"), target, sha256=DIGEST, tell=said.append, pauses=NO_WAIT)
    assert target.read_bytes() == CONTENT
    assert server.asked[0][1] == ""
    starts = [int(wanted[6:-1]) for _, wanted in server.asked[1:]]
    assert len(starts) == 2
    assert 0 < starts[0] < starts[1] < len(CONTENT)
    assert "cut off" in said[0]
    assert "trying again in 0 s" in said[0]


def test_without_ranges_it_begins_anew_and_says_so(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, ranges=False, cuts=[300_000])
    said: list[str] = []
    assert download(server.url("/t"), target, tell=said.append, pauses=NO_WAIT) == DIGEST
    assert "the server gives the whole file, not its rest; restarted" in "".join(said)


@pytest.mark.parametrize("validator", ["etag", "modified"])
def test_a_file_that_changes_between_tries_is_not_pieced_together(
    server: Server, target: Path, validator: str
) -> None:
    other = CONTENT.replace(b"1", b"7")
    dates = ("Mon, 01 Jan 2024 00:00:00 GMT", "Tue, 02 Jan 2024 00:00:00 GMT")

    def change(remote: Remote) -> None:
        if len(server.asked) == 2:
            remote.content = other
            remote.etag = '"two"' if validator == "etag" else ""
            remote.modified = dates[1] if validator == "modified" else ""

    server.files["/t"] = Remote(
        CONTENT,
        etag='"one"' if validator == "etag" else "",
        modified=dates[0] if validator == "modified" else "",
        cuts=[300_000],
        before=change,
    )
    digest = download(server.url("/t"), target, pauses=NO_WAIT)
    assert target.read_bytes() == other
    assert digest == hashlib.sha256(other).hexdigest()


def test_a_rest_of_another_length_or_place_is_not_taken(server: Server, target: Path) -> None:
    for told in (f"bytes 5-9/{len(CONTENT)}", f"bytes 262144-9/{len(CONTENT) + 7}", "nonsense"):
        server.files["/t"] = Remote(CONTENT, cuts=[262_144], content_range=told)
        assert download(server.url("/t"), target, pauses=NO_WAIT) == DIGEST
        target.unlink()


def test_a_part_of_nothing_certain_is_not_gone_on_from(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, etag="", cuts=[300_000])
    assert download(server.url("/t"), target, pauses=NO_WAIT) == DIGEST
    assert [wanted for _, wanted in server.asked] == ["", ""]
    # With a SHA-256 to judge the outcome, the length is enough to try.
    server.asked.clear()
    server.files["/t"] = Remote(CONTENT, etag="", cuts=[300_000])
    target.unlink()
    download(server.url("/t"), target, sha256=DIGEST, pauses=NO_WAIT)
    assert server.asked[1][1] != ""


def test_pieces_of_two_files_are_found_out_and_fetched_anew(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, etag="")
    target.parent.mkdir()
    part = target.with_name("t.tsv.part")
    part.write_bytes(b"x" * 1000)
    target.with_name("t.tsv.part.json").write_text(
        json.dumps({"url": server.url("/t"), "length": len(CONTENT)})
    )
    said: list[str] = []
    download(server.url("/t"), target, sha256=DIGEST, tell=said.append)
    assert target.read_bytes() == CONTENT
    assert server.asked[0][1] == "bytes=1000-"
    assert said == ["t.tsv: pieces of two files; restarted"]
    assert _clean(target)


def test_an_interrupted_download_goes_on_next_time(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT)

    def interrupt(name: str, done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        download(server.url("/t"), target, progress=interrupt)
    part = target.with_name("t.tsv.part")
    kept = part.stat().st_size
    assert 0 < kept < len(CONTENT)
    assert f"{kept:,} bytes of t.tsv are kept in {part}" in caught.value.__notes__[0]
    assert not target.exists()
    assert download(server.url("/t"), target) == DIGEST
    assert server.asked[-1][1] == f"bytes={kept}-"
    assert _clean(target)


def test_a_whole_part_needs_no_server(server: Server, target: Path) -> None:
    url = server.url("/gone")
    target.parent.mkdir()
    target.with_name("t.tsv.part").write_bytes(CONTENT)
    told = {"url": url, "length": len(CONTENT), "etag": '"one"', "modified": ""}
    target.with_name("t.tsv.part.json").write_text(json.dumps(told))
    assert download(url, target, sha256=DIGEST) == DIGEST
    assert server.asked == []


def test_more_than_the_server_has_is_forgotten(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT)
    target.parent.mkdir()
    target.with_name("t.tsv.part").write_bytes(CONTENT + b"more")
    told = {"url": server.url("/t"), "length": None, "etag": '"one"', "modified": ""}
    target.with_name("t.tsv.part.json").write_text(json.dumps(told))
    assert download(server.url("/t"), target, pauses=NO_WAIT) == DIGEST


def test_passing_failures_are_tried_again_with_growing_pauses(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(module.time, "sleep", waits.append)
    server.files["/t"] = Remote(CONTENT, codes=[503, 500, 429], retry_after="7")
    assert download(server.url("/t"), target, pauses=(1.0, 2.0, 40.0)) == DIGEST
    assert waits == [7.0, 7.0, 40.0]
    assert list(module.PAUSES) == sorted(module.PAUSES)


def test_each_further_piece_earns_new_tries(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, cuts=[60_000] * 9)
    assert download(server.url("/t"), target, pauses=(0.0, 0.0)) == DIGEST
    assert len(server.asked) == 10


def test_failures_that_stay_end_with_what_is_kept(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, codes=[503] * 99)
    with pytest.raises(DatasetError, match=r"the server answers 503 .*, in 4 tries\. Check"):
        download(server.url("/t"), target, pauses=NO_WAIT)
    assert len(server.asked) == 4
    # What brings nothing new is not tried for ever.
    server.asked.clear()
    server.files["/t"] = Remote(CONTENT, ranges=False, cuts=[300_000] * 99)
    with pytest.raises(DatasetError, match=r"cut off after .* bytes are kept in .*goes on from"):
        download(server.url("/t"), target, pauses=NO_WAIT)
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (404, "not there, or no longer"),
        (403, "not give this file to everyone"),
        (401, "asks for a login"),
        (410, "server answers 410"),
    ],
)
def test_final_refusals_are_not_tried_again(
    server: Server, target: Path, code: int, said: str
) -> None:
    server.files["/t"] = Remote(CONTENT, codes=[code] * 9)
    with pytest.raises(DatasetError, match=said):
        download(server.url("/t"), target)
    assert len(server.asked) == 1


def test_a_silent_server_is_given_up(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TIMEOUT", 0.05)
    server.files["/t"] = Remote(CONTENT, pause=0.3)
    with pytest.raises(DatasetError, match=r"the server does not answer .*in 2 tries"):
        download(server.url("/t"), target, pauses=(0.0,))


def test_a_server_that_is_not_there_is_told_at_once(target: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot be fetched: .*refused.*Check the address"):
        download("http://127.0.0.1:1/t", target)


def test_a_slow_server_is_waited_for(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, pause=0.2)
    assert download(server.url("/t"), target) == DIGEST


def test_redirects_are_followed_but_not_out_of_https(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, cuts=[300_000])
    server.files["/moved"] = Remote(redirect=server.url("/t"))
    assert download(server.url("/moved"), target, pauses=NO_WAIT) == DIGEST
    assert [path for path, _ in server.asked] == ["/moved", "/t", "/moved", "/t"]
    assert server.asked[-1][1] != ""
    request = urllib.request.Request("https://example.org/t")
    with pytest.raises(DatasetError, match=r"redirects to http://example.org/t, which is not enc"):
        module._Redirects().redirect_request(request, None, 302, "", {}, "http://example.org/t")
    server.files["/round"] = Remote(redirect=server.url("/round"))
    with pytest.raises(DatasetError, match="cannot be fetched: the server answers 302"):
        download(server.url("/round"), target.with_name("u.tsv"))


def test_length_unknown_or_wrong(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, no_length=True)
    assert download(server.url("/t"), target) == DIGEST
    server.files["/e"] = Remote(b"")
    with pytest.raises(DatasetError, match="gives an empty file"):
        download(server.url("/e"), target.with_name("e.tsv"))


def test_another_file_than_recorded_leaves_nothing(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT)
    with pytest.raises(DatasetError, match=rf"its SHA-256 is {DIGEST}, expected 0000"):
        download(server.url("/t"), target, sha256="0" * 64)
    assert list(target.parent.iterdir()) == []


PAGE = b"\n<!DOCTYPE html><html><head><title>Please  log in</title></head>" + b" " * 600_000


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.tsv", PAGE, 'an HTML page titled "Please  log in" in place of t.tsv'),
        ("t.csv", b"<html><body>no", "an HTML page in place of t.csv"),
        ("t.tsv", b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        ("t.tsv.gz", b"gene\tvalue\n", "something that is no gz file"),
        ("t.xlsx", b"gene\tvalue\n", "something that is no xlsx file"),
    ],
)
def test_wrong_content_is_refused_by_name(
    server: Server, target: Path, name: str, content: bytes, said: str
) -> None:
    server.files["/t"] = Remote(content)
    with pytest.raises(DatasetError, match=said):
        download(server.url("/t"), target.with_name(name))
    assert list(target.parent.iterdir()) == []


def test_right_content_passes() -> None:
    assert wrong_content(b"<!doctype html>", "page.html") == ""
    assert wrong_content(gzip.compress(b"x"), "t.gz") == ""
    assert wrong_content(b"PK\x03\x04", "t.xlsx") == ""
    assert wrong_content(b"gene\t<html>\n", "t.tsv") == ""


def test_a_full_disk_is_told_before_and_during(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/t"] = Remote(CONTENT)
    usage = shutil.disk_usage(target.parent.parent)
    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "disk_usage", lambda path: usage._replace(free=1000))
        with pytest.raises(DatasetError, match=rf"{len(CONTENT):,} bytes more, .* 1,000 left"):
            download(server.url("/t"), target)

    class Full:
        """A file on a disk that fills up."""

        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *args: object) -> None:
            self.stream.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.stream, name)

        def write(self, piece: bytes) -> int:
            if self.stream.tell():
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.stream.write(piece)

    opened = Path.open
    with monkeypatch.context() as patch:
        patch.setattr(
            Path,
            "open",
            lambda self, mode="r", **more: (
                Full(opened(self, mode, **more))
                if self.suffix == ".part" and mode == "wb"
                else opened(self, mode, **more)
            ),
        )
        with pytest.raises(DatasetError, match=r"the disk is full\. The part is kept"):
            download(server.url("/t"), target)
    assert target.with_name("t.tsv.part").stat().st_size == module._CHUNK
    assert download(server.url("/t"), target) == DIGEST
    assert server.asked[-1][1] == f"bytes={module._CHUNK}-"


def test_a_folder_that_cannot_be_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot be written"):
        download(server.url("/t"), tmp_path / "file" / "t.tsv")


def test_two_at_a_time_fetch_one_file_once(server: Server, target: Path) -> None:
    server.files["/t"] = Remote(CONTENT, pause=0.2, pause_after=1000)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(download, server.url("/t"), target, sha256=DIGEST) for _ in "ab"]
    assert [each.result() for each in both] == [DIGEST, DIGEST]
    assert len(server.asked) == 1
    assert _clean(target)
