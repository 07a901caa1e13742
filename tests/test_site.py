"""The site builds without a warning, and its API names everything that is exported."""

import ast
import builtins
import os
import re
import subprocess
import sys
from doctest import DocTestParser
from importlib import import_module
from importlib.util import find_spec
from inspect import getdoc, isclass, signature
from pathlib import Path
from pkgutil import resolve_name

import pytest

import omicsfuse

HOME = Path(__file__).parents[1]
NEEDED = ("sphinx", "myst_nb", "numpydoc", "pydata_sphinx_theme")
#: Folders whose names a user imports from there, beside those of the package itself.
ROOMS = (
    "assignment",
    "clustering",
    "datasets",
    "fusion",
    "imaging",
    "plot",
    "preprocessing",
    "report",
    "signatures",
    "verification",
)


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Read every page and resolve every link; write nothing, execute nothing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        pytest.skip(f'{", ".join(missing)} not installed; pip install ".[docs]"')
    words = ["-m", "sphinx", "-b", "dummy", "-t", "quick", "-q", "-W", "--keep-going"]
    words += ["-c", str(source / "docs"), "-d", str(out / "doctrees"), str(source), str(out)]
    surroundings = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=surroundings, check=False
    )


@pytest.mark.long
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = build(HOME, tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0
    read = {path.relative_to(tmp_path / "doctrees") for path in tmp_path.rglob("*.doctree")}
    pages = [*HOME.glob("*.md"), *HOME.glob("docs/**/*.md"), *HOME.glob("notebooks/*.ipynb")]
    assert {path.relative_to(HOME).with_suffix(".doctree") for path in pages} == read


def test_a_broken_link_and_a_page_of_no_table_of_contents_are_told(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("conf.py", "api_directive.py", "mathml.py", "static"):
        (docs / name).symlink_to(HOME / "docs" / name)
    (docs / "index.md").write_text("# Index\n[here](nowhere.md) and [there](lost.md#nothing)\n")
    (docs / "lost.md").write_text("# Lost\n")
    done = build(tmp_path, tmp_path / "out")
    assert done.returncode != 0
    told = done.stderr.splitlines()
    assert len(told) == 3
    assert any("index.md" in line and "nowhere.md" in line for line in told)
    assert any("index.md" in line and "nothing" in line for line in told)
    assert any("lost.md" in line and "toctree" in line for line in told)


def named_in_the_api() -> list[str]:
    named: list[str] = []
    for page in HOME.glob("docs/api/*.md"):
        for module, names in re.findall(r"\.\. api:: (\S+)\n\n((?: {3}\w+\n)+)", page.read_text()):
            named += [f"{module}.{name}" for name in names.split()]
    return named


def test_every_exported_name_is_in_the_api_once() -> None:
    named = named_in_the_api()
    assert len(named) == len(set(named))
    public = set(omicsfuse.__all__)
    exported = {f"omicsfuse.{name}" for name in public - {"plot"}}
    for room in ROOMS:
        names = set(import_module(f"omicsfuse.{room}").__all__) - public
        exported |= {f"omicsfuse.{room}.{name}" for name in names}
    results = {name for name in named if name.startswith("omicsfuse.core.results.")}
    assert set(named) - results == exported


def test_parameters_are_documented_and_functions_have_examples() -> None:
    docscrape = pytest.importorskip("numpydoc.docscrape")
    without_example, checked = set(), 0
    for name in named_in_the_api():
        found = resolve_name(name)
        if not callable(found) or (isclass(found) and issubclass(found, BaseException | tuple)):
            continue
        told = docscrape.get_doc_object(found, config={"show_class_members": False})
        said = [
            one.strip().lstrip("*")
            for entry in told["Parameters"] + told["Attributes"]
            for one in entry.name.split(",")
        ]
        wanted = set(signature(found).parameters)
        assert wanted - set(said) == set(), name
        checked += len(wanted)
        if not isclass(found):
            parameters = {one for entry in told["Parameters"] for one in entry.name.split(",")}
            assert {one.strip().lstrip("*") for one in parameters} == wanted, name
            without_example |= set() if told["Examples"] else {name}
    # These take a finished run.
    on_runs = {"omicsfuse.assign_patients", "omicsfuse.interpret_scores"}
    assert without_example == on_runs | {"omicsfuse.report.summary_record"}
    assert checked > 400


def used_without_import(source: str) -> set[str]:
    """Names that an example uses and neither imports nor defines."""
    nodes = list(ast.walk(ast.parse(source)))
    known = set(dir(builtins)) | {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            known |= {name.asname or name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            known.add(node.name)
    names = [node for node in nodes if isinstance(node, ast.Name)]
    known |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return {name.id for name in names} - known


def test_examples_can_be_copied() -> None:
    """A reader of the site has none of the names of the module that a docstring stands in."""
    parse = DocTestParser().get_examples
    with_examples, short = 0, {}
    for name in named_in_the_api():
        room, _, last = name.rpartition(".")
        found = getattr(import_module(room), last)  # a module may have the name of its function
        parts = {name: found} if callable(found) else {}
        if isclass(found):
            parts |= {f"{name}.{key}": getattr(found, key) for key in vars(found) if key[0] != "_"}
        for part, member in parts.items():
            source = "".join(example.source for example in parse(getdoc(member) or ""))
            with_examples += bool(source)
            if lacking := used_without_import(source):
                short[part] = lacking
    assert short == {}
    assert with_examples > 100


def test_an_example_that_cannot_be_copied_is_told() -> None:
    assert used_without_import("import numpy as np\nx = np.zeros(len(y))\n") == {"y"}


def test_the_gallery_has_a_picture_of_every_plot_function() -> None:
    plot = import_module("omicsfuse.plot")
    others = {"save_figure", "use_palette"}
    wanted = {name for name in plot.__all__ if callable(getattr(plot, name))} - others
    parts = (HOME / "docs" / "gallery.md").read_text().split("\n### ")[1:]
    headed = [part.splitlines()[0] for part in parts]
    drawn = [f"of.plot.{name}(" in part for name, part in zip(headed, parts, strict=True)]
    assert all(drawn)
    assert sorted(headed) == sorted(wanted)


def test_cells_of_pages_define_what_they_use() -> None:
    """Only `make docs` executes them; a name that is missing is told here."""
    cell = re.compile(r"```\{code-cell\} ipython3\n(?::.*\n)*\n?(.*?)```", re.DOTALL)
    pages = {page: cell.findall(page.read_text()) for page in HOME.glob("docs/**/*.md")}
    pages = {page: cells for page, cells in pages.items() if cells}
    for page, cells in pages.items():
        source = "\n".join(one for one in cells if not one.startswith("%%"))
        assert used_without_import(source) == set(), page.name
    assert len(pages) >= 8
    assert any("tutorials" in page.parts for page in pages)
