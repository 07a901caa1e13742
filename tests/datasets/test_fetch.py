"""Fetching by manifest: verified, atomic, and plain about what cannot be had."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_server import Remote, Server, running

from omicsfuse.core.errors import CohortError, DatasetError
from omicsfuse.datasets.cohorts import list_cohorts, manifest_folders
from omicsfuse.datasets.fetch import fetch
from omicsfuse.datasets.lock import LOCK_NAME
from omicsfuse.io import read_cohort
from omicsfuse.io.manifest import read_manifest
from omicsfuse.io.paths import data_folder

CONTENT = b"p\tA\tB\nP1\t1\t2\nP2\t3\t4\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def remote() -> Iterator[Server]:
    """A server on this machine with one file."""
    with running() as server:
        server.files["/genes.tsv"] = Remote(CONTENT)
        yield server


@pytest.fixture
def server(remote: Server) -> str:
    """Its address."""
    return remote.url("")


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
    # Without the variable, a folder of the user's own stands for it, for fetching and reading.
    monkeypatch.delenv("OMICSFUSE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    with pytest.raises(CohortError, match="OMICSFUSE_DATA, but this environment variable is not"):
        read_cohort(manifest)
    assert fetch(manifest) == [tmp_path / "c" / "omicsfuse" / "x" / "g.tsv"]
    assert len(read_cohort(manifest).patients()) == 2
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
    # The manifest says nowhere that the address is real.
    with pytest.raises(DatasetError, match="does not say where this address was found"):
        fetch(_manifest(tmp_path / "m", f"{server}/gone.tsv"))


def test_files_on_disk_can_be_fetched(tmp_path: Path) -> None:
    (tmp_path / "r.tsv").write_bytes(CONTENT)
    (path,) = fetch(_manifest(tmp_path / "m", (tmp_path / "r.tsv").as_uri()))
    assert path.read_bytes() == CONTENT


def test_without_an_address_it_says_where_the_data_are_from(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "m", more='source = "the portal"\nobtain = "Ask there."')
    target = tmp_path / "m" / "sub" / "genes.tsv"
    with pytest.raises(DatasetError) as refusal:
        fetch(manifest)
    assert str(refusal.value).splitlines() == [
        '1 of 1 files of cohort "mine" cannot be fetched by omicsfuse.',
        "Source of the data: source: the portal; access: open.",
        "What to do: Ask there.",
        f"  put [layers.g] at {target}",
    ]
    target.parent.mkdir()
    target.write_bytes(b"other")
    with pytest.raises(DatasetError, match="present, but differs from the file recorded"):
        fetch(manifest)
    target.write_bytes(CONTENT)
    assert fetch(manifest) == [target]


def test_what_can_be_fetched_is_before_the_rest_is_told(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMICSFUSE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    path = tmp_path / "half.toml"
    path.write_text(
        'name = "half"\naccess = "application"\n[layers.g]\nfile = "$OMICSFUSE_DATA/g.tsv"\n'
        f'kind = "expression"\nurl = "{server}/genes.tsv"\nsha256 = "{DIGEST}"\n'
        '[layers.r]\nfile = "$OMICSFUSE_DATA/r.csv"\nkind = "radiomics"\n'
        'obtain = "features of the images"\n'
    )
    with pytest.raises(DatasetError) as refusal:
        fetch(path)
    folder = tmp_path / "c" / "omicsfuse"
    assert (folder / "g.tsv").read_bytes() == CONTENT
    message = str(refusal.value)
    assert message.startswith(
        '1 of 2 files of cohort "half" cannot be fetched by omicsfuse; 1 in place.\n'
        "Access needs an application.\n"
    )
    assert f"put [layers.r] at {folder / 'r.csv'}: features of the images" in message
    assert message.endswith("set it to a folder, or pass --data DIR.")


def test_an_address_without_a_fingerprint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r'no sha256.* or sha256 = "on first download"'):
        fetch(_manifest(tmp_path / "m", "https://example.org/g.tsv", digest=""))


def _lock(folder: Path) -> dict:
    return json.loads((folder / LOCK_NAME).read_text())["files"]


def test_first_download_is_recorded_and_later_ones_compared(
    remote: Server, server: str, tmp_path: Path
) -> None:
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv", digest="on first download")
    (target,) = fetch(manifest)
    entry = _lock(tmp_path / "m")["sub/genes.tsv"]
    assert entry["sha256"] == DIGEST
    assert (entry["url"], entry["bytes"]) == (f"{server}/genes.tsv", len(CONTENT))
    assert entry["how"] == "first download"
    assert len(read_cohort(manifest).patients()) == 2
    asked = len(remote.asked)
    fetch(manifest)
    assert len(remote.asked) == asked
    # A file altered here is fetched anew, and must be the one of the first time.
    target.write_bytes(b"altered")
    fetch(manifest)
    assert target.read_bytes() == CONTENT
    assert _lock(tmp_path / "m")["sub/genes.tsv"]["how"] == "verified"
    # The source gives another file now: told, and neither file nor lock is touched.
    remote.files["/genes.tsv"] = Remote(CONTENT.replace(b"4", b"5"), etag='"two"')
    target.unlink()
    with pytest.raises(DatasetError, match=r"(?s)SHA-256 expected is that of 20.*remove the file"):
        fetch(manifest)
    assert not target.exists()
    assert _lock(tmp_path / "m")["sub/genes.tsv"]["sha256"] == DIGEST


def test_a_file_found_in_the_folder_is_recorded_as_such(server: str, tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv", digest="on first download")
    target = tmp_path / "m" / "sub" / "genes.tsv"
    target.parent.mkdir()
    target.write_bytes(b"mine")
    assert fetch(manifest) == [target]
    assert target.read_bytes() == b"mine"
    assert _lock(tmp_path / "m")["sub/genes.tsv"]["how"] == "found in the folder"


def test_a_damaged_lock_is_told(server: str, tmp_path: Path) -> None:
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv", digest="on first download")
    for content in ("{", "[]", '{"files": {"a": 1}}'):
        (tmp_path / "m" / LOCK_NAME).write_text(content)
        with pytest.raises(DatasetError, match="is not a lock file of omicsfuse"):
            fetch(manifest)


@pytest.mark.parametrize("digest", [DIGEST, "on first download"])
def test_the_same_file_of_two_manifests_is_fetched_once(
    remote: Server, server: str, tmp_path: Path, digest: str
) -> None:
    data = tmp_path / "d"
    for folder, file in (("a", "$OMICSFUSE_DATA/one.tsv"), ("b", "$OMICSFUSE_DATA/b/two.tsv")):
        url = f"{server}/genes.tsv"
        (path,) = fetch(_manifest(tmp_path / folder, url, digest=digest, file=file), data)
        assert path.read_bytes() == CONTENT
    assert len(remote.asked) == 1
    assert _lock(data)["b/two.tsv"]["how"] == "same file as one.tsv"
    # What replaces one later leaves the other as it is.
    (data / "one.tsv").unlink()
    assert (data / "b" / "two.tsv").read_bytes() == CONTENT


def test_no_symbolic_link_leads_out(server: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    manifest = _manifest(tmp_path / "m", f"{server}/genes.tsv")
    os.symlink(outside, tmp_path / "m" / "sub")
    with pytest.raises(DatasetError, match="by a symbolic link to"):
        fetch(manifest)
    (tmp_path / "m" / "sub").unlink()
    (tmp_path / "m" / "sub").mkdir()
    os.symlink(outside / "g.tsv", tmp_path / "m" / "sub" / "genes.tsv")
    with pytest.raises(DatasetError, match="by a symbolic link to"):
        fetch(manifest)
    assert list(outside.iterdir()) == []
    # A link as the folder itself is the user's own choice.
    os.symlink(outside, tmp_path / "chosen")
    assert fetch(manifest, tmp_path / "chosen")[0].read_bytes() == CONTENT


@pytest.mark.parametrize("file", ["../g.tsv", "/nowhere/g.tsv"])
def test_nothing_is_written_outside_the_manifests_folder(tmp_path: Path, file: str) -> None:
    with pytest.raises(DatasetError, match="fetch writes nowhere else"):
        fetch(_manifest(tmp_path / "m", "https://example.org/g.tsv", file=file))


def test_further_files_are_fetched_and_lend_their_address(server: str, tmp_path: Path) -> None:
    path = _manifest(tmp_path / "m", f"{server}/genes.tsv")
    text = path.read_text().replace('kind = "expression"', 'kind = "mutation"\nsequenced = "s.txt"')
    path.write_text(
        f'{text}[further.cases]\nfile = "s.txt"\nurl = "{server}/genes.tsv"\nsha256 = "{DIGEST}"\n'
        f'[further.map]\nfile = "map.txt"\nurl = "{server}/genes.tsv"\nsha256 = "{DIGEST}"\n'
    )
    names = [file.name for file in fetch(path)]
    assert names == ["genes.tsv", "s.txt", "map.txt"]
    labels = [(file.label, file.text) for file in read_manifest(path).inputs()]
    assert labels[1:] == [("layers.g", "s.txt"), ("further.map", "map.txt")]


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
            "files": 1,
            "fetchable": 0,
            "present": 0,
            "available": False,
            "manifest": str(manifest),
        }
    ]
    (tmp_path / "g.tsv").write_bytes(CONTENT)
    monkeypatch.setenv("OMICSFUSE_DATA", str(tmp_path))
    assert list_cohorts([tmp_path / "m"])["available"].tolist() == [True]


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "/given/omicsfuse"),
        ("win32", "LOCALAPPDATA", "/given/omicsfuse"),
        ("darwin", "", "/me/Library/Caches/omicsfuse"),
        ("linux", "", "/me/.cache/omicsfuse"),
    ],
)
def test_the_users_folder(
    platform: str, variable: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMICSFUSE_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/me")
    monkeypatch.setattr("omicsfuse.io.paths.sys.platform", platform)
    if variable:
        monkeypatch.setenv(variable, "/given")
    assert data_folder() == Path(expected)
    monkeypatch.setenv("OMICSFUSE_DATA", "~/data")
    assert data_folder() == Path("/me/data")


PUBLIC = {
    *(f"tcga-{code}-{source}" for code in ("hnsc", "luad", "gbm", "lgg", "kirc", "brca")
      for source in ("cbioportal", "xena")),
    *("tcga-pancanatlas-gdc", "cptac-luad", "cptac-gbm", "apollo5-luad", "cmb-lca"),
    *("nsclc-radiomics-genomics", "nsclc-radiogenomics", "cgga-693", "cgga-325", "ivygap"),
    *("rembrandt", "gbmatch", "gliovis", "metabric", "msk-chord"),
}  # fmt: skip


def test_manifests_that_come_with_the_package_are_sound() -> None:
    table = list_cohorts()
    assert table["name"].is_unique
    studies = {read.name: read.study for read in map(read_manifest, table["manifest"])}
    assert studies["tcga-hnsc-radiogenomic"] == studies["tcga-hnsc-noimaging"] == "TCGA-HNSC"
    assert studies["tcga-hnsc-xena"] == studies["tcga-hnsc-cbioportal"] == "TCGA-HNSC"
    without = [name for name, study in studies.items() if not study]
    assert without == ["gliovis", "lung44-radiomics-expression"]
    assert len(table) == sum(len(list(folder.glob("*.toml"))) for folder in manifest_folders())
    assert set(table["name"]) >= PUBLIC


@pytest.mark.parametrize(
    "path", sorted(list_cohorts()["manifest"]), ids=lambda path: Path(path).stem
)
def test_each_manifest_says_what_it_is_and_where_it_comes_from(path: str) -> None:
    read = read_manifest(path)
    for key in ("title", "disease", "source", "licence", "citation", "identifiers", "obtain"):
        assert getattr(read, key), key
    assert read.access in ("open", "registration", "application")
    if read.name in PUBLIC:
        assert re.search(r"doi:10\.\d{4,}/\S+|phs\d{6}", read.citation)
    for file in read.inputs():
        assert file.text.startswith("$OMICSFUSE_DATA/")
        if file.url:
            assert file.url.startswith("https://")
            assert bool(file.sha256) != file.locked
            # An address that was seen nowhere is not passed off as one that was.
            assert file.url_found_in or "ot confirmed" in read.notes
        elif read.name in PUBLIC:
            assert file.obtain
    if not any(file.url for file in read.inputs()):
        with pytest.raises(DatasetError, match=r"(?s)cannot be fetched by omicsfuse.*source: "):
            fetch(read, "/nowhere")


def test_files_of_one_address_are_one_file_in_all_manifests() -> None:
    places: dict[str, set[str]] = {}
    for path in list_cohorts()["manifest"]:
        for file in read_manifest(path).inputs():
            if file.url:
                places.setdefault(file.url, set()).add(file.text)
    assert all(len(texts) == 1 for texts in places.values())
    probe_map = [url for url in places if url.endswith("gene.probemap")]
    assert len(probe_map) == 1
