"""Moderated t against limma: tests/reference/deriving.R."""

# ruff: noqa: PD011 - the values of a target are a field of ours

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Target
from omicsfuse.signatures.methods.moderated_t import moderated_t
from omicsfuse.stats.least_squares import fit_genes, moderate

HERE = Path(__file__).parent


def reference_table() -> tuple[pd.DataFrame, Target, pd.DataFrame]:
    table = pd.read_csv(HERE / "deriving_table.csv", index_col="patient")
    target = Target("group", "groups", table["group"])
    return table.filter(regex="^G"), target, table[["covariate"]]


def limma(model: str) -> pd.DataFrame:
    table = pd.read_csv(HERE / "deriving_limma.csv", skipinitialspace=True)
    return table[table["model"] == model].set_index("gene")


def toy(n_genes: int = 60, seed: int = 0) -> tuple[pd.DataFrame, Target]:
    rng = np.random.default_rng(seed)
    patients = [f"P{i:02d}" for i in range(30)]
    values = rng.standard_normal((30, n_genes))
    table = pd.DataFrame(values, patients, [f"G{i:02d}" for i in range(n_genes)])
    return table, Target("t", "groups", pd.Series(["A"] * 12 + ["B"] * 10 + ["C"] * 8, patients))


@pytest.mark.filterwarnings("ignore::omicsfuse.core.errors.OmicsfuseWarning")
@pytest.mark.parametrize("model", ["plain", "adjusted"])
def test_limma_with_missing_values_and_a_covariate(model: str) -> None:
    values, target, covariates = reference_table()
    adjust = covariates if model == "adjusted" else None
    found = moderated_t(values, target, covariates=adjust)
    expected = limma(model)
    own = found.genes[found.genes["score"] == "A"].set_index("gene").loc[expected.index]
    for column in ("effect", "t", "p", "fdr"):
        np.testing.assert_allclose(own[column], expected[column], rtol=1e-8, atol=1e-14)
    prior = found.details["prior"].loc["A"]
    assert prior["df_prior"] == pytest.approx(expected["df_prior"].iloc[0], rel=1e-8)
    assert prior["variance_prior"] == pytest.approx(expected["variance_prior"].iloc[0], rel=1e-8)
    # No patient of A has it: no coefficient, but a variance that takes part in the prior.
    assert np.isnan(own.loc["G32", "t"])
    chosen = found.weights.index[found.weights["A"] != 0]
    assert set(chosen) == set(expected.index[expected["fdr"] <= 0.05])


def test_limma_where_all_variances_are_alike() -> None:
    values = pd.read_csv(HERE / "deriving_even.csv")
    target = Target("t", "groups", pd.Series(["A"] * 9 + ["B"] * 15))
    found = moderated_t(values, target, gate=False)
    expected = limma("even")
    own = found.genes[found.genes["score"] == "A"].set_index("gene")
    np.testing.assert_allclose(own["p"], expected["p"], rtol=1e-6)
    np.testing.assert_allclose(own["t"], expected["t"], rtol=1e-6, atol=1e-12)
    assert found.details["prior"].loc["A", "df_prior"] == np.inf


def test_missing_values_change_nothing_but_the_genes_they_are_in() -> None:
    table, target = toy()
    holes = table.copy()
    holes.iloc[::5, 7] = np.nan
    design = np.column_stack([np.ones(30), (target.values == "A").to_numpy(float)])
    centred = table.to_numpy() - table.to_numpy().mean(axis=0)
    seen = holes.notna().to_numpy(float)
    whole = fit_genes(centred, None, design)
    some = fit_genes(np.where(seen > 0, holes - holes.mean(), 0.0), seen, design)
    others = np.arange(60) != 7
    for first, second in zip(whole, some, strict=True):
        np.testing.assert_allclose(first[others], second[others], rtol=1e-12)
    assert some.df[7] == 22
    assert whole.df[7] == 28


def test_both_directions_and_weights() -> None:
    table, target = toy()
    table.loc[target.values == "A", ["G03", "G04"]] += 3
    table.loc[target.values == "A", "G05"] -= 2.5
    with pytest.warns(
        OmicsfuseWarning, match=r"C gets no score: its smallest FDR is .*, above 0.01"
    ):
        found = moderated_t(table, target, fdr=0.01)
    assert found.weights["A"].to_dict() == {"G03": 1.0, "G04": 1.0, "G05": -1.0}
    with pytest.warns(OmicsfuseWarning, match="gets no score"):
        graded = moderated_t(table, target, fdr=0.01, weights="t").weights["A"]
    assert graded.abs().max() == 1.0
    assert graded["G05"] < 0 < graded["G03"] < 1.1
    with pytest.warns(OmicsfuseWarning, match="gets no score"):
        few = moderated_t(table, target, n_genes=2, fdr=0.01).weights
    assert (few != 0).sum().max() == 2


def test_nothing_found_is_said_and_the_gate_can_be_left_open() -> None:
    table, target = toy()
    with pytest.raises(SignatureError, match=r"no gene of 60 differs .* FDR 0.05.*A 0\.\d"):
        moderated_t(table, target)
    open_gate = moderated_t(table, target, n_genes=7, gate=False)
    assert (open_gate.weights != 0).sum().to_dict() == {"A": 7, "B": 7, "C": 7}


def test_small_groups_and_what_does_not_fit() -> None:
    table, target = toy()
    table.loc[target.values == "A", "G03"] += 4
    small = target.values.mask(target.values == "C", "B").to_numpy().copy()
    small[-3:] = "D"
    labels = Target("t", "groups", pd.Series(small, table.index))
    with pytest.warns(OmicsfuseWarning, match="D gets no score: 3 of its patients"):
        assert list(moderated_t(table, labels).weights.columns) == ["A", "B"]
    with pytest.raises(StudyError, match="takes targets of kind groups; 'y' is of kind continuous"):
        moderated_t(table, Target("y", "continuous", pd.Series(0.5, table.index)))
    with pytest.raises(StudyError, match="weights is 'size'"):
        moderated_t(table, target, weights="size")
    with pytest.raises(StudyError, match="fdr is 2"):
        moderated_t(table, target, fdr=2)
    with pytest.raises(SignatureError, match="no group of the values can be compared"):
        moderated_t(table, Target("t", "groups", pd.Series("A", table.index)))
    same = (target.values == "A").astype(float).to_frame("batch")
    with pytest.raises(SignatureError, match="separate A from the others completely"):
        moderated_t(table, target, covariates=same)


def test_no_variance_to_speak_of() -> None:
    found = moderate(fit_genes(np.zeros((3, 1)), None, np.array([[1.0, 0], [1, 0], [1, 1]])))
    assert np.isnan(found.t).all()
    assert np.isnan(found.df_prior)
