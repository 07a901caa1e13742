"""Kinds of layers: each row names what is there, and no other module names a kind."""

import ast
from pathlib import Path

import pandas as pd
import pytest

from omicsfuse.biology.layer_tests import TESTS
from omicsfuse.core.cohort import Layer
from omicsfuse.core.errors import CohortError
from omicsfuse.core.kinds import KINDS, SCALES, Scale, analysis_of, kind_of
from omicsfuse.core.results import PreparedLayer
from omicsfuse.fusion import METRICS
from omicsfuse.preprocessing.prepare import default_settings, make_preprocessor

PACKAGE = Path(__file__).parents[1] / "omicsfuse"
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "kinds.py"]


@pytest.mark.parametrize("name", KINDS)
def test_a_row_names_what_is_there(name: str) -> None:
    row = KINDS[name]
    assert row.name == name
    assert "scale" not in default_settings(name)
    analysed = {
        make_preprocessor(Layer(name, pd.DataFrame(), scale)).analysis_scale for scale in row.scales
    }
    assert analysed <= set(SCALES)
    for scale in (*map(row.scale, analysed), *row.analysis.values()):
        assert scale.test in TESTS
        assert scale.distance in METRICS
    assert row.preparation
    assert not row.preparation.endswith(".")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_compares_a_kind_with_a_name(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        words = {
            one.value
            for side in sides
            for one in ast.walk(side)
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        }
        asks = any(
            (isinstance(one, ast.Attribute) and one.attr == "kind")
            or (isinstance(one, ast.Name) and one.id == "kind")
            for side in sides
            for one in ast.walk(side)
        )
        # Targets of signatures have kinds of their own: groups, continuous, survival.
        found = (words & set(KINDS)) - {"continuous"}
        assert not (asks and found), f"{path.name} line {node.lineno}: ask the row of the kind"


def test_a_kind_may_read_a_scale_in_its_own_way() -> None:
    table = pd.DataFrame({"A": [1.0]}, ["P1"])
    genes = PreparedLayer("expression", table, table, "log2", None)
    copies = PreparedLayer("copy_number", table, table, "log2", None)
    assert analysis_of(genes).difference == "log2 fold change"
    assert analysis_of(copies).difference == "difference in log2 ratio"
    methylation = PreparedLayer("methylation", table, table, "m_value", None)
    assert analysis_of(methylation).difference == "difference in M-value"
    assert KINDS["protein"].scale("something new") == Scale()


def test_a_kind_that_is_not_there_is_named() -> None:
    with pytest.raises(CohortError, match='kind = "genes" is not known; the kinds are expression,'):
        kind_of(Layer("genes", pd.DataFrame()))
