"""The command fetch: what it shows, what is kept when it is stopped, and its exit codes."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_server import Remote, Server, running

from omicsfuse.terminal import DownloadBars, DownloadLines, shown_downloads

CONTENT = b"P\tA\n" + b"".join(b"P%07d\t%d\n" % (i, i) for i in range(200_000))


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def manifest(server: Server, tmp_path: Path) -> Path:
    path = tmp_path / "m.toml"
    path.write_text(
        'name = "mine"\naccess = "open"\n[layers.g]\nfile = "g.tsv"\nkind = "expression"\n'
        f'url = "{server.url("/g")}"\nsha256 = "{hashlib.sha256(CONTENT).hexdigest()}"\n'
    )
    return path


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "omicsfuse.cli", *words]


def test_stopped_and_begun_again(server: Server, manifest: Path) -> None:
    server.files["/g"] = Remote(CONTENT, pause=60, pause_after=1_500_000)
    part = manifest.with_name("g.tsv.part")
    with subprocess.Popen(
        _command("fetch", str(manifest)),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Tests that run in the background of a shell inherit that it is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:
        deadline = time.monotonic() + 60
        while not (part.is_file() and part.stat().st_size > 1_000_000):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=240)
    kept = part.stat().st_size
    assert running.returncode == 130
    assert f"{kept:,} bytes of g.tsv are kept in {part}; the same command goes on" in said
    assert not manifest.with_name("g.tsv").exists()
    server.files["/g"] = Remote(CONTENT)
    done = subprocess.run(
        _command("fetch", str(manifest)), capture_output=True, text=True, timeout=60, check=True
    )
    assert server.asked[-1] == ("/g", f"bytes={kept}-")
    assert manifest.with_name("g.tsv").read_bytes() == CONTENT
    assert done.stdout.splitlines() == [str(manifest.with_name("g.tsv"))]
    assert f"of {len(CONTENT) / 1e6:,.1f} MB" in done.stderr


def test_a_refusal_is_one_message_and_exit_code_1(server: Server, manifest: Path) -> None:
    server.files["/g"] = Remote(b"<!doctype html><title>Log in</title>")
    done = subprocess.run(
        _command("fetch", str(manifest)), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("omicsfuse: http://127.0.0.1")
    assert 'gives an HTML page titled "Log in" in place of g.tsv' in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in manifest.parent.iterdir()] == ["m.toml"]


def test_lines_tell_each_tenth_once(capsys: pytest.CaptureFixture) -> None:
    lines = DownloadLines()
    for done in range(0, 2_000_001, 50_000):
        lines("g.tsv", done, 2_000_000)
    lines("h.tsv", 5, None)
    lines.tell("g.tsv: cut off")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "g.tsv: 0.0 of 2.0 MB"
    assert said[10] == "g.tsv: 2.0 of 2.0 MB"
    assert said[11:] == ["h.tsv: 0.0 MB", "g.tsv: cut off"]


def test_bars_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with shown_downloads() as shown:
        assert isinstance(shown, DownloadBars)
        shown("g[1].tsv", 500_000, 2_000_000)
        shown("g[1].tsv", 2_000_000, 2_000_000)
        shown.tell("g[1].tsv: cut off")
    said = capsys.readouterr().err
    assert "g[1].tsv: cut off" in said
    assert "2.0/2.0 MB" in said
