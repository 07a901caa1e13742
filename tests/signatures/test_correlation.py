"""Correlations against R's cor.test and residuals of lm: tests/reference/deriving.R; and scipy."""

# ruff: noqa: PD011 - the values of a target are a field of ours

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Target
from omicsfuse.signatures.methods import correlation as module
from omicsfuse.signatures.methods.correlation import correlation

HERE = Path(__file__).parent
OPEN = {"gate": False, "n_subsamples": 0}


def reference_table() -> pd.DataFrame:
    return pd.read_csv(HERE / "deriving_table.csv", index_col="patient")


def toy(n: int = 40, n_genes: int = 60, seed: int = 0) -> tuple[pd.DataFrame, Target]:
    rng = np.random.default_rng(seed)
    patients = [f"P{i:03d}" for i in range(n)]
    values = rng.standard_normal((n, n_genes))
    score = values[:, 0] + values[:, 1] - values[:, 2] + 0.3 * rng.standard_normal(n)
    table = pd.DataFrame(values, patients, [f"G{i:02d}" for i in range(n_genes)])
    return table, Target("texture", "continuous", pd.Series(score, patients))


@pytest.mark.parametrize("method", ["pearson", "spearman"])
@pytest.mark.parametrize("adjusted", [0, 1])
def test_r_plain_and_partial_with_ties_and_missing_values(method: str, adjusted: int) -> None:
    table = reference_table()
    expected = pd.read_csv(HERE / "deriving_correlations.csv", skipinitialspace=True)
    expected = expected[(expected["method"] == method) & (expected["adjusted"] == adjusted)]
    found = correlation(
        table.filter(regex="^G"),
        Target("score", "continuous", table["score"]),
        covariates=table[["covariate"]] if adjusted else None,
        coefficient=method,
        **OPEN,
    ).genes
    np.testing.assert_allclose(found["effect"], expected["effect"], rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found["p"], expected["p"], rtol=1e-9)
    fdr = stats.false_discovery_control(expected["p"])
    np.testing.assert_allclose(found["fdr"], fdr, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.integers(0, 2))
def test_subsamples_are_correlated_as_scipy_does(
    seed: int, ranked: bool, holes: bool, k: int
) -> None:
    rng = np.random.default_rng(seed)
    n = 16
    values = rng.integers(0, 6, (n, 5)).astype(float)
    if holes:
        values[rng.random((n, 5)) < 0.15] = np.nan
    columns = rng.integers(0, 9, (n, 2)).astype(float)
    adjust = rng.integers(0, 7, (n, k)).astype(float)
    draws = np.zeros((3, n), dtype=bool)
    for row in draws:
        row[rng.permutation(n)[:11]] = True
    genes = module._genes(pd.DataFrame(values), ranked)
    found = module._subsampled(genes, np.arange(5), adjust, columns, ranked, draws)
    for r, inside in enumerate(draws):
        for g in range(5):
            here = inside & ~np.isnan(values[:, g])
            parts = [values[here, g], *columns[here].T, *adjust[here].T]
            if ranked:
                parts = [stats.rankdata(part) for part in parts]
            design = np.column_stack([np.ones(here.sum()), *parts[3:]])
            left = [p - design @ np.linalg.lstsq(design, p, rcond=None)[0] for p in parts[:3]]
            for c in range(2):
                lengths = np.linalg.norm(left[0]) * np.linalg.norm(left[1 + c])
                expected = left[0] @ left[1 + c] / lengths if lengths > 1e-9 else np.nan
                assert found[r, c, g] == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_stability_is_the_share_of_halves() -> None:
    table, target = toy()
    found = correlation(table, target, n_genes=5, n_subsamples=30, random_state=7).genes
    draws = module._halves(40, 30, 7)
    assert (draws.sum(axis=1) == 20).all()
    often = np.zeros(60)
    for inside in draws:
        rho = [
            abs(stats.spearmanr(table[gene][inside], target.values[inside])[0]) for gene in table
        ]
        often[np.argsort(-np.array(rho), kind="stable")[:5]] += 1
    np.testing.assert_allclose(found["stability"], often / 30)


def test_planted_genes_are_found_with_their_direction() -> None:
    table, target = toy(n=80)
    found = correlation(table, target, n_genes=5)
    assert list(found.weights.index) == ["G00", "G01", "G02"]
    rho = [stats.spearmanr(table[gene], target.values)[0] for gene in found.weights.index]
    np.testing.assert_allclose(found.weights["texture"], rho)
    assert found.weights.loc["G02", "texture"] < 0
    chosen = found.genes[found.genes["weight"] != 0]
    assert (chosen["fdr"] <= 0.05).all()
    assert (chosen["stability"] >= 0.6).all()
    assert found.settings["method"] == "spearman correlation"


def test_a_confounder_is_taken_out() -> None:
    table, target = toy(n=100)
    purity = pd.DataFrame({"purity": np.random.default_rng(5).standard_normal(100)}, table.index)
    table["G30"] += 3 * purity["purity"]
    mixed = Target("texture", "continuous", target.values + 2 * purity["purity"])
    assert "G30" in correlation(table, mixed, n_genes=5).weights.index
    adjusted = correlation(table, mixed, covariates=purity, n_genes=5)
    assert list(adjusted.weights.index) == ["G00", "G01", "G02"]
    assert adjusted.settings["method"] == "partial spearman correlation"


def test_groups_get_a_score_each() -> None:
    table, target = toy(n=150)
    names = np.select([target.values > 0.8, target.values < -0.8], ["high", "low"], "middle")
    groups = Target("texture", "groups", pd.Series(names, table.index))
    with pytest.warns(OmicsfuseWarning, match="middle gets no score: none of 60 genes has an FDR"):
        found = correlation(table, groups, coefficient="pearson", n_genes=5)
    assert set(found.weights.columns) == {"high", "low"}
    assert found.weights.loc["G00", "high"] > 0 > found.weights.loc["G00", "low"]
    inside = (groups.values == "high").astype(float)
    r, p = stats.pointbiserialr(inside, table["G00"])
    row = found.genes.query("score == 'high' and gene == 'G00'").iloc[0]
    assert (row["effect"], row["p"]) == pytest.approx((r, p))


def test_nothing_found_is_said() -> None:
    table, target = toy()
    null = Target("noise", "continuous", pd.Series(np.arange(40.0), table.index))
    with pytest.raises(SignatureError, match=r"none of 60 genes has an FDR of at most 0.05; the "):
        correlation(table, null)
    with pytest.raises(
        SignatureError,
        match=r"3 genes have an FDR of at most 0.05, but none "
        r"reaches",
    ):
        correlation(table.iloc[:, :10], target, n_genes=1, stability=1.0)
    assert len(correlation(table, null, gate=False, n_genes=9).weights) == 9


def test_settings_that_do_not_fit() -> None:
    table, target = toy()
    with pytest.raises(StudyError, match="coefficient is 'kendall'"):
        correlation(table, target, coefficient="kendall")
    with pytest.raises(StudyError, match="stability is 60"):
        correlation(table, target, stability=60)
    survival = Target("os", "survival", pd.DataFrame({"time": 1.0, "event": 1.0}, table.index))
    with pytest.raises(StudyError, match=r"'os' is of kind survival\. Use method elastic_net"):
        correlation(table, survival)
    with pytest.raises(SignatureError, match="0 usable genes"):
        correlation(table.iloc[:, :0], target)
