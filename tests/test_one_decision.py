"""A clinical column means the same in every analysis, whatever words for missing it holds."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import omicsfuse
from omicsfuse.biology import associate, covariate_table, differential_features, table_one
from omicsfuse.core.cohort import Cohort, Endpoint
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import HeterogeneityIndex, Prepared, Subtypes
from omicsfuse.imaging import index_tests, radiogenomic_map
from omicsfuse.imaging.interpretation import interpret
from omicsfuse.signatures import derive
from omicsfuse.stats.covariates import encode_covariates
from omicsfuse.survival import compare_survival

sys.path.insert(0, str(Path(__file__).parent / "imaging"))
from made_cohorts import made

N = 80
STEPS = np.arange(N) % 4
ADJUST = ["age", "stage", "site"]


def clinical(*, words: bool) -> pd.DataFrame:
    """Age, stage and site, with words for missing or with empty cells in their place."""
    rng = np.random.default_rng(5)
    age: list[object] = rng.permutation(np.repeat(np.arange(45, 65), 4)).tolist()
    stage: list[object] = [("Stage I", "Stage IIA", "Stage III", "Stage IVB")[i] for i in STEPS]
    site: list[object] = rng.choice(["lip", "neck", "tongue"], N).tolist()
    for column, place in ((stage, 8), (site, 20), (age, 40)):
        for i in range(place, place + 6):
            column[i] = ("unknown", "[Not Available]", "'--")[i % 3] if words else np.nan
    stage[3] = "Stage X" if words else np.nan
    table = {"age": [str(x) if words and x == x else x for x in age], "stage": stage, "site": site}
    table |= {"time": rng.exponential(400, N).round(), "event": rng.integers(0, 2, N)}
    return pd.DataFrame(table, [f"P{i:03}" for i in range(N)])


def cohort(*, words: bool) -> tuple[Cohort, Prepared, Subtypes]:
    whole, prepared = made(N)
    found = Cohort(
        "made",
        whole.omics,
        clinical(words=words),
        {"os": Endpoint("time", "event")},
        covariates=tuple(ADJUST),
        strata=("site",),
    )
    labels = pd.Series(["S1", "S2", "S2", "S3"] * (N // 4), found.clinical.index)
    return found, prepared, Subtypes(labels, {}, {})


def terms_of(found: Cohort) -> Any:
    table = covariate_table(found, ADJUST)
    return encode_covariates(table, variables=found.variables)


def cox(found: Cohort, _: Prepared, subtypes: Subtypes) -> pd.DataFrame:
    return compare_survival(subtypes, found, n_permutations=0, n_bootstrap=0).cox


def markers(found: Cohort, prepared: Prepared, subtypes: Subtypes) -> pd.DataFrame:
    rna = Prepared("x", {"rna": prepared.layers["rna"]})
    with pytest.warns(
        OmicsfuseWarning, match="layer rna: 19 patients excluded from comparisons of its features"
    ):
        return differential_features(subtypes, rna, covariates=terms_of(found))


def image_map(found: Cohort, prepared: Prepared, _: Subtypes) -> pd.DataFrame:
    mapped = radiogenomic_map(
        prepared, layers=["rna"], covariates=terms_of(found), n_permutations=20
    )
    assert mapped.params["adjusted_for"] == [*ADJUST, "tumour volume"]
    return mapped.associations


def model(found: Cohort, prepared: Prepared, subtypes: Subtypes) -> pd.DataFrame:
    score = pd.Series(np.random.default_rng(9).random(N), found.clinical.index, name="risk")
    told = interpret(score, found, prepared, subtypes=subtypes, n_resamples=0, layers=["rna"])
    assert told.params["adjusted_for"] == [*ADJUST, "tumour volume"]
    return told.associations


def signature(found: Cohort, prepared: Prepared, _: Subtypes) -> pd.DataFrame:
    noise = np.random.default_rng(1).random(N)
    score = (prepared.layers["rna"].scaled["G000"] + noise).rename("score")
    how = {"method": "correlation", "n_genes": 5, "n_repeats": 1, "n_permutations": 19}
    derived = derive(score, prepared, layer="rna", covariates=terms_of(found), gate=False, **how)
    used = derived.signature.settings["covariates"]
    assert used == sorted(terms_of(found).columns)
    return derived.genes


def heterogeneity(found: Cohort, _: Prepared, __: Subtypes) -> pd.DataFrame:
    patients = pd.DataFrame({"index": STEPS / 4 + 0.1, "group": "H1"}, found.clinical.index)
    none = pd.DataFrame()
    tests = index_tests(HeterogeneityIndex(patients, none, none, params={"layer": "ct"}), found)
    kinds = tests.set_index("variable")["kind"]
    assert kinds[ADJUST].tolist() == ["number", "order", "category"]
    return tests


def clinical_tests(found: Cohort, _: Prepared, subtypes: Subtypes) -> pd.DataFrame:
    table, test = associate(subtypes, found), ["chi-square, Monte Carlo"]
    assert table.loc[ADJUST, "test"].tolist() == ["Kruskal-Wallis", "Kruskal-Wallis", *test]
    assert table.loc[ADJUST, "missing"].tolist() == [6, 7, 6]
    return table


def first_table(found: Cohort, _: Prepared, subtypes: Subtypes) -> pd.DataFrame:
    return table_one(subtypes, found, associate(subtypes, found))


ANALYSES = (
    *(cox, markers, image_map, model, signature, heterogeneity, clinical_tests, first_table),
)


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda f: f.__name__)
def test_words_for_missing_are_empty_cells(analysis: Callable[..., pd.DataFrame]) -> None:
    with_words, with_gaps = (analysis(*cohort(words=words)) for words in (True, False))
    pd.testing.assert_frame_equal(with_words, with_gaps)
    assert "unknown" not in with_words.to_csv()


def test_steps_are_what_each_analysis_is_adjusted_for() -> None:
    found, _, _ = cohort(words=True)
    assert found.variables["type"][ADJUST].tolist() == ["numeric", "ordered", "categorical"]
    terms = terms_of(found).terms
    steps = terms["stage (per step)"]
    assert steps.isna().sum() == 7
    np.testing.assert_array_equal(steps.dropna(), (STEPS + 1.0)[steps.notna().to_numpy()])
    rows = cox(*cohort(words=True)).query("model == 'multivariable'")
    assert rows["term"].tolist() == ["S2 vs S1", "S3 vs S1", *terms.columns]


def test_significance_is_decided_by_one_rule() -> None:
    """What is at most a level is significant: nothing compares strictly below or from a level."""
    package = Path(omicsfuse.__file__).parent
    levels: set[str] = {"SIGNIFICANCE", "FDR"}
    wrong = []

    def is_level(node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id in levels

    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Compare):
                continue
            sides = [node.left, *node.comparators]
            for a, operator, b in zip(sides, node.ops, sides[1:], strict=False):
                strict = is_level(b) and isinstance(operator, ast.Lt | ast.GtE)
                turned = is_level(a) and isinstance(operator, ast.Gt | ast.LtE)
                # Whether an interval contains the level is no decision on which side a p is.
                interval = len(node.ops) == 2 and is_level(node.comparators[0]) and all(
                    isinstance(each, ast.LtE) for each in node.ops
                )  # fmt: skip
                if (strict or turned) and not interval:
                    wrong.append(f"{path.relative_to(package)}:{node.lineno}")
    assert wrong == []
