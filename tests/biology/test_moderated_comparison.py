"""Moderated t against limma's topTable: tests/reference/differential.R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import differential_features, pairwise_features
from omicsfuse.biology.moderated_comparison import CONFOUNDED, moderated_difference
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes

HERE = Path(__file__).parent
COLUMNS = ["effect", "low", "high", "p", "fdr"]


def cohort(complete: bool = False) -> tuple[Subtypes, Prepared, pd.DataFrame]:
    table = pd.read_csv(HERE / "differential_data.csv", index_col="patient")
    values = table.filter(regex="^G")
    if complete:
        values = values.dropna(axis=1)
    layer = PreparedLayer("expression", values, values, "log2", None)
    return (
        Subtypes(table["group"], {}, {}),
        Prepared("reference", {"rna": layer}),
        table[["purity", "site"]],
    )


def limma(model: str, comparison: str) -> pd.DataFrame:
    table = pd.read_csv(HERE / "differential_limma.csv", skipinitialspace=True)
    chosen = (table["model"] == model) & (table["comparison"] == comparison)
    return table[chosen].set_index("feature")[COLUMNS].astype(float)


def own(table: pd.DataFrame, key: str, comparison: str, features: pd.Index) -> pd.DataFrame:
    named = {"effect_ci_low": "low", "effect_ci_high": "high"}
    rows = table[table[key] == comparison].set_index("feature").rename(columns=named)
    return rows.loc[features]


def agree(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    np.testing.assert_allclose(
        found[COLUMNS[:4]].to_numpy(), expected[COLUMNS[:4]].to_numpy(), rtol=1e-7, atol=1e-12
    )


@pytest.mark.parametrize("subtype", ["S1", "S2", "S3"])
def test_one_against_the_rest_with_missing_values_is_limmas(subtype: str) -> None:
    subtypes, prepared, _ = cohort()
    expected = limma("rest", subtype)
    found = own(differential_features(subtypes, prepared), "subtype", subtype, expected.index)
    # limma has no coefficient where no patient of the subtype has the gene, nor have we.
    agree(found, expected)
    assert set(found["test"]) == {"moderated t"}
    assert set(found["effect_name"]) == {"log2 fold change"}


@pytest.mark.parametrize("subtype", ["S1", "S2", "S3"])
def test_adjusted_for_a_number_and_a_category_is_limmas(subtype: str) -> None:
    subtypes, prepared, covariates = cohort()
    table = differential_features(subtypes, prepared, covariates=covariates)
    expected = limma("rest_adjusted", subtype)
    found = own(table, "subtype", subtype, expected.index)
    agree(found, expected)
    assert set(found["test"]) == {"moderated t, adjusted"}


@pytest.mark.parametrize("pair", ["S1 vs S2", "S1 vs S3", "S2 vs S3"])
def test_pairs_are_contrasts_of_one_model(pair: str) -> None:
    subtypes, prepared, _ = cohort(complete=True)
    expected = limma("pairs_complete", pair)
    agree(own(pairwise_features(subtypes, prepared), "comparison", pair, expected.index), expected)


def test_pairs_with_missing_values_are_exact_for_each_gene() -> None:
    subtypes, prepared, _ = cohort()
    table = pairwise_features(subtypes, prepared)
    for pair in ("S1 vs S2", "S1 vs S3", "S2 vs S3"):
        expected = limma("pairs", pair)
        agree(own(table, "comparison", pair, expected.index), expected)
    # G25 is not measured in S3: the other two are compared all the same.
    rows = table[table["feature"] == "G25"].set_index("comparison")["p"]
    assert rows.notna().to_dict() == {"S1 vs S2": True, "S1 vs S3": False, "S2 vs S3": False}


def test_one_feature_has_an_ordinary_t() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 9, (12, 1)).astype(float)
    inside = np.arange(12) < 5
    found = moderated_difference(values, inside, inside, ~inside, "difference of means")
    from scipy import stats

    expected = stats.ttest_ind(values[inside, 0], values[~inside, 0])
    interval = expected.confidence_interval()
    assert found.test.tolist() == ["Student t"]
    np.testing.assert_allclose(found.p, expected.pvalue)
    np.testing.assert_allclose([found.low[0], found.high[0]], [interval.low, interval.high])


def test_a_constant_feature_has_no_p_value_and_no_part_in_the_prior() -> None:
    rng = np.random.default_rng(1)
    values = rng.standard_normal((20, 30))
    inside = np.arange(20) < 8
    alone = moderated_difference(values, inside, inside, ~inside, "x")
    more = np.column_stack([values, np.full(20, 0.1 + 0.2), np.full(20, np.nan)])
    found = moderated_difference(more, inside, inside, ~inside, "x")
    assert np.isnan(found.p[30:]).all()
    np.testing.assert_allclose(found.p[:30], alone.p, rtol=1e-12)


def test_covariates_that_say_who_is_in_the_group() -> None:
    rng = np.random.default_rng(2)
    inside = np.arange(20) < 8
    found = moderated_difference(
        rng.standard_normal((20, 10)), inside, inside, ~inside, "x", inside[:, None] * 3.0
    )
    assert np.isnan(found.p).all()
    assert set(found.note) == {CONFOUNDED}


def test_a_covariate_twice_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    inside, values = np.arange(20) < 8, rng.standard_normal((20, 10))
    once = rng.standard_normal((20, 1))
    first = moderated_difference(values, inside, inside, ~inside, "x", once)
    twice = np.column_stack([once, 5 - 2 * once, np.full(20, 7.0)])
    second = moderated_difference(values, inside, inside, ~inside, "x", twice)
    np.testing.assert_allclose(first.p, second.p, rtol=1e-9)


def test_a_small_group_of_more_spread_is_noted() -> None:
    rng = np.random.default_rng(4)
    values = rng.standard_normal((60, 200))
    inside = np.arange(60) < 8
    values[inside] *= 4
    found = moderated_difference(values, inside, inside, ~inside, "x")
    noted = found.note != ""
    assert noted.sum() > 10
    assert (found.p[noted] <= 0.05).all()
    assert (
        "larger variance in the smaller group; Welch's t-test, unadjusted: p = "
        in found.note[noted][0]
    )
    even = moderated_difference(
        values[8:], inside[8:] | (np.arange(52) < 26), np.arange(52) < 26, np.arange(52) >= 26, "x"
    )
    assert (even.note == "").all()
