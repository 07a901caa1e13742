"""Fetching by manifest: verified, atomic, and plain about what cannot be had."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from omicsfuse.core.errors import DatasetError
from omicsfuse.datasets.fetch import fetch, list_cohorts, manifest_folders
from omicsfuse.io import read_cohort
from omicsfuse.io.manifest import read_manifest

CONTENT = b"p\tA\tB\nP1\t1\t2\nP2\t3\t4\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server on this machine with one file, and its address."""
    remote = tmp_path / "remote"
    remote.mkdir()
    (remote / "genes.tsv").write_bytes(CONTENT)
    handler = partial(_Quiet, directory=str(remote))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def _manifest(
    folder: Path, url: str = "", digest: str = DIGEST, file: str = "sub/genes.tsv", more: str = ""
) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "mine-file.toml"
    path.write_text(
        f'name = "mine"\ntitle = "My cohort"\ndisease = "HNSC"\naccess = "open"\n{more}\n'
        f'[layers.g]\nfile = "{file}"\nkind = "expression"\nurl = "{url}"\nsha256 = "{digest}"\n'
    )
    return path


def test_fetch_by_path_and_by_name(server: str, tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv")
    steps: list[tuple[str, int, int | None]] = []
    files = fetch(manifest, tmp_path / "one", progress=lambda *step: steps.append(step))
    assert files == [tmp_path / "one" / "sub" / "genes.tsv"]
    assert files[0].read_bytes() == CONTENT
    assert steps == [("genes.tsv", len(CONTENT), len(CONTENT))]
    # The manifest came along, so that the cohort can be read where it lies.
    assert len(read_cohort(tmp_path / "one" / manifest.name).patients()) == 2
    for name in ("mine", "mine-file"):
        assert fetch(name, tmp_path / name, folders=[tmp_path / "m"])[0].read_bytes() == CONTENT


def test_default_place_is_where_the_manifest_looks(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetch(_manifest(tmp_path / "m", f"{server}/genes.tsv")) == [
        tmp_path / "m" / "sub" / "genes.tsv"
    ]
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv", file="$OMICSFUSE_DATA/x/g.tsv")
    monkeypatch.delenv("OMICSFUSE_DATA", raising=False)
    with pytest.raises(DatasetError, match="not set"):
        fetch(manifest)
    # Given a folder, that folder stands for the variable, and the manifest need not be copied.
    assert fetch(manifest, tmp_path / "d") == [tmp_path / "d" / "x" / "g.tsv"]
    assert not list((tmp_path / "d").glob("*.toml"))
    monkeypatch.setenv("OMICSFUSE_DATA", str(tmp_path / "e"))
    assert fetch(manifest)[0].read_bytes() == CONTENT


def test_right_files_are_left_alone_and_wrong_ones_replaced(server: str, tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv")
    (target,) = fetch(manifest)
    calls: list[tuple] = []
    fetch(manifest, progress=lambda *step: calls.append(step))
    assert calls == []
    target.write_bytes(b"other")
    fetch(manifest, progress=lambda *step: calls.append(step))
    assert len(calls) == 1
    assert target.read_bytes() == CONTENT


def test_mismatch_is_refused_and_nothing_left(server: str, tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv", digest="0" * 64)
    with pytest.raises(DatasetError, match=rf"its SHA-256 is {DIGEST}, expected 0000"):
        fetch(manifest)
    assert list((tmp_path / "m" / "sub").iterdir()) == []


def test_a_wrong_file_stays_when_its_replacement_fails(server: str, tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv", digest="0" * 64)
    target = tmp_path / "m" / "sub" / "genes.tsv"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    with pytest.raises(DatasetError, match="SHA-256"):
        fetch(manifest)
    assert target.read_bytes() == b"mine"


def test_addresses_that_give_nothing(server: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gone\.tsv cannot be fetched: the server answers 404"):
        fetch(_manifest(tmp_path / "m", f"{server}/gone.tsv"))
    with pytest.raises(DatasetError, match=r"cannot be fetched: .*Check the address"):
        fetch(_manifest(tmp_path / "m", "http://127.0.0.1:1/x.tsv"))
    with pytest.raises(DatasetError, match="cannot be fetched"):
        fetch(_manifest(tmp_path / "m", (tmp_path / "no.tsv").as_uri()))
    assert list((tmp_path / "m" / "sub").iterdir()) == []


def test_files_on_disk_can_be_fetched(tmp_path: Path) -> None:
    (tmp_path / "r.tsv").write_bytes(CONTENT)
    (path,) = fetch(_manifest(tmp_path / "m", (tmp_path / "r.tsv").as_uri()))
    assert path.read_bytes() == CONTENT


def test_without_an_address_it_says_where_the_data_are_from(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "m", more='source = "the portal"')
    with pytest.raises(
        DatasetError, match=r"does not exist.*no url.*source: the portal; access: open"
    ):
        fetch(manifest)
    target = tmp_path / "m" / "sub" / "genes.tsv"
    target.parent.mkdir()
    target.write_bytes(b"other")
    with pytest.raises(DatasetError, match="differs from the file recorded"):
        fetch(manifest)
    target.write_bytes(CONTENT)
    assert fetch(manifest) == [target]


def test_without_an_address_the_source_comes_before_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMICSFUSE_DATA", raising=False)
    more = 'source = "the portal."'
    manifest = _manifest(tmp_path / "m", file="$OMICSFUSE_DATA/x/g.tsv", more=more)
    with pytest.raises(DatasetError) as refusal:
        fetch(manifest)
    message = str(refusal.value)
    assert message.startswith('cohort "mine" cannot be fetched: its manifest records no')
    assert "no url for $OMICSFUSE_DATA/x/g.tsv. Get the files from their source" in message
    assert message.index("(source: the portal; access: open)") < message.index("set OMICSFUSE_DATA")
    for name in list_cohorts()["name"]:
        with pytest.raises(DatasetError, match=r"cannot be fetched.*\(source: "):
            fetch(name)


def test_an_address_without_a_fingerprint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="records a url but no sha256"):
        fetch(_manifest(tmp_path / "m", "https://example.org/g.tsv", digest=""))


@pytest.mark.parametrize("file", ["../g.tsv", "/g.tsv", "a/../../g.tsv"])
def test_no_file_leaves_the_folder(tmp_path: Path, file: str) -> None:
    manifest = _manifest(tmp_path / "m", "https://example.org/g.tsv", file=file)
    with pytest.raises(DatasetError, match="outside the folder"):
        fetch(manifest, tmp_path / "data")


def test_unknown_names_get_the_nearest(tmp_path: Path) -> None:
    _manifest(tmp_path / "m")
    with pytest.raises(DatasetError, match='no cohort "mime"; did you mean "mine"'):
        fetch("mime", folders=[tmp_path / "m"])
    with pytest.raises(DatasetError, match="there are no manifests"):
        fetch("mime", folders=[tmp_path])
    with pytest.raises(DatasetError, match="is not a folder"):
        fetch("mime", folders=[tmp_path / "gone"])


def test_cohorts_are_listed_with_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMICSFUSE_DATA", raising=False)
    manifest = _manifest(tmp_path / "m", file="$OMICSFUSE_DATA/g.tsv")
    table = list_cohorts([tmp_path / "m"])
    assert table.to_dict("records") == [
        {
            "name": "mine",
            "title": "My cohort",
            "disease": "HNSC",
            "access": "open",
            "available": False,
            "manifest": str(manifest),
        }
    ]
    (tmp_path / "g.tsv").write_bytes(CONTENT)
    monkeypatch.setenv("OMICSFUSE_DATA", str(tmp_path))
    assert list_cohorts([tmp_path / "m"])["available"].tolist() == [True]


def test_manifests_that_come_with_the_package_are_sound() -> None:
    table = list_cohorts()
    assert table["name"].is_unique
    studies = {read.name: read.study for read in map(read_manifest, table["manifest"])}
    assert studies["tcga-hnsc-radiogenomic"] == studies["tcga-hnsc-noimaging"] == "TCGA-HNSC"
    assert [name for name, study in studies.items() if not study] == ["lung44-radiomics-expression"]
    assert len(table) == sum(len(list(folder.glob("*.toml"))) for folder in manifest_folders())
