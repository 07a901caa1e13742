"""What is built to be installed: everything the package needs, under one version."""

import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import omicsfuse

HOME = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with wheel and sdist, built without a network and without isolation."""
    folder = tmp_path_factory.mktemp("dist")
    words = ["-m", "hatchling", "build", "--directory", str(folder)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=HOME)
    assert done.returncode == 0, done.stderr
    return folder


def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def metadata(built: Path) -> Message:
    with wheel(built) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def files(folder: str) -> set[str]:
    """Files of a folder of the checkout, without what running it leaves behind."""
    found = (path for path in (HOME / folder).rglob("*") if path.is_file())
    return {path.relative_to(HOME).as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_holds_all_files_of_the_package(built: Path) -> None:
    with wheel(built) as archive:
        names = set(archive.namelist())
    inside = files("omicsfuse")
    assert {Path(name).suffix for name in inside} >= {".py", ".pyi", ".css", ".j2", ".typed"}
    assert inside - names == set()
    manifests = {f"omicsfuse/{name}" for name in files("data_manifests")}
    assert len(manifests) > 5
    assert manifests - names == set()
    outside = {name for name in names if not name.startswith("omicsfuse")}
    assert outside == set()


def test_the_sdist_holds_what_its_tests_read(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("omicsfuse", "tests", "docs", "notebooks", "data_manifests", "benchmarks"):
        assert {name for name in files(folder) if ".ipynb_checkpoints" not in name} - names == set()
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml"):
        assert name in names


def test_one_version_everywhere(built: Path) -> None:
    assert metadata(built)["Version"] == omicsfuse.__version__
    citation = (HOME / "CITATION.cff").read_text()
    assert re.findall(r"^version: (.+)$", citation, re.MULTILINE) == [omicsfuse.__version__]
    changes = (HOME / "CHANGELOG.md").read_text()
    assert f"## [{omicsfuse.__version__}]" in changes


def test_the_metadata_name_licence_extras_and_command(built: Path) -> None:
    told = metadata(built)
    assert told["License-Expression"] == "BSD-3-Clause"
    assert told.get_all("License-File") == ["LICENSE"]
    assert told["Description-Content-Type"] == "text/markdown"
    extras = {"counts", "docs", "mudata", "notebooks", "parquet"}
    assert set(told.get_all("Provides-Extra") or ()) == extras
    with wheel(built) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "omicsfuse = omicsfuse.cli:main" in archive.read(name).decode()
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_every_extra_is_named_where_it_is_missing() -> None:
    source = "".join(path.read_text() for path in (HOME / "omicsfuse").rglob("*.py"))
    for extra in ("counts", "mudata", "parquet"):
        assert f'pip install "omicsfuse[{extra}]"' in source
