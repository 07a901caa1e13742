"""Names that the documentation tells a user to call, or to import, are there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import pytest

HOME = Path(__file__).parents[1]
FILES = sorted(
    file
    for pattern in ("*.md", "docs/**/*.md", "notebooks/*.ipynb")
    for file in HOME.glob(pattern)
    if file.name != "CHANGELOG.md"  # names what there was
)


def named_in(file: Path) -> Iterator[str]:
    """What a document, or the cells of a notebook, name of the package, by its whole name."""
    text = file.read_text()
    if file.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    for name in re.findall(r"(?<![\w.\"])(?:of|omicsfuse)((?:\.[A-Za-z_]\w*)+)", text):
        yield f"omicsfuse{name}"
    for module, names in re.findall(r"from (omicsfuse[\w.]*) import ([\w, ]+)", text):
        yield from (f"{module}.{name.strip()}" for name in names.split(","))


def is_there(name: str) -> bool:
    try:
        resolve_name(name)
    except (AttributeError, ImportError):
        return False
    return True


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_name_of_the_package_is_there(file: Path) -> None:
    assert {name for name in named_in(file) if not is_there(name)} == set()


def test_names_are_found_in_documents_and_notebooks() -> None:
    assert not is_there("omicsfuse.group_gene_sets")
    for suffix in (".md", ".ipynb"):
        names = {name for file in FILES if file.suffix == suffix for name in named_in(file)}
        assert "omicsfuse.fuse" in names
        assert len(names) > 10
