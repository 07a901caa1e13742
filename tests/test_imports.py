"""Imports go down only, and each foreign engine has one door: read from the source itself."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "omicsfuse"

FLOORS: dict[str, int] = {
    "core": 0,
    "stats": 1,
    "io": 2,
    "datasets": 3,
    "preprocessing": 2,
    "fusion": 3,
    "clustering": 3,
    "survival": 3,
    "biology": 3,
    "signatures": 3,
    "assessment": 4,
    "assignment": 4,
    "verification": 4,
    "imaging": 4,
    "plot": 4,
    "report": 5,
    "pipeline": 6,
    "terminal": 6,
    "cli": 7,
    "__init__": 8,
}

#: Foreign packages that only some modules may import.
DOORS = {
    "snf": ["fusion/snfpy_engine.py"],
    "gseapy": ["stats/gseapy_engine.py"],
    "umap": ["clustering/embedding.py"],
    "numba": ["stats/compiled.py", "fusion/kernel.py", "fusion/start_kernel.py"],
    "pynndescent": ["fusion/neighbors.py"],
    "psutil": ["stats/memory.py"],
    "lifelines": ["survival/"],
    "matplotlib": ["plot/", "report/"],
    "mudata": ["io/mudata/"],
    "anndata": ["io/mudata/"],
    "pydeseq2": ["biology/count_data.py"],
    "tableone": ["biology/table_one.py"],
    "docx": ["io/table_one.py"],
    "jinja2": ["report/"],
    "click": ["cli.py", "terminal.py"],
    "rich": ["terminal.py"],
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def room(parts: tuple[str, ...]) -> str:
    """Name of the module or folder directly below the package."""
    return parts[0].removesuffix(".py") if parts else "__init__"


@cache
def imported(path: Path) -> list[str]:
    """Full names of all modules that a file imports, those named as strings included."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the module in full"
            module = node.module or ""
            names += [f"{module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            names += [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    here = room(path.relative_to(PACKAGE).parts)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "omicsfuse" or here == "__init__":
            continue
        there = room(tuple(parts[1:]))
        if name == "omicsfuse" or there == "__version__":
            continue
        assert there in FLOORS, f"{path.name} imports {name}: {there} has no floor"
        assert there == here or FLOORS[there] < FLOORS[here], (
            f"{path.relative_to(PACKAGE)} (floor {FLOORS[here]}) imports {name} "
            f"(floor {FLOORS[there]})"
        )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_engine_has_one_door(path: Path) -> None:
    inside = path.relative_to(PACKAGE).as_posix()
    for name in imported(path):
        doors = DOORS.get(name.split(".")[0])
        assert doors is None or any(inside.startswith(door) for door in doors), (
            f"{inside} imports {name}; only {', '.join(doors or [])} may"
        )


def test_every_room_has_a_floor_and_the_rule_can_fail() -> None:
    rooms = {room(path.relative_to(PACKAGE).parts) for path in MODULES}
    assert rooms <= set(FLOORS)
    assert FLOORS["fusion"] == FLOORS["clustering"]


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, omicsfuse; omicsfuse.OmicsfuseError; "
        "heavy = {'umap', 'gseapy', 'matplotlib', 'lifelines', 'sklearn', 'snf', 'numba', "
        "'tableone', 'docx', 'statsmodels', 'mudata', 'anndata'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_every_public_name_is_there_and_documented() -> None:
    import omicsfuse

    for name in omicsfuse.__all__:
        assert getattr(omicsfuse, name).__doc__, name
    assert set(omicsfuse.__all__) <= set(dir(omicsfuse))
    with pytest.raises(AttributeError, match="omicsfuse attribute fuze"):
        omicsfuse.fuze  # noqa: B018
