"""Preprocessing in fixed numbers: that of the preprocessors, and their values where none is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from omicsfuse.assignment.transform import MOST_KNOTS, compatible, fixed_transform, thinned
from omicsfuse.core.errors import ClassifierError
from omicsfuse.core.layers import Layer
from omicsfuse.preprocessing.prepare import make_preprocessor

SHAPES = {
    ("radiomics", "raw"): lambda rng: np.exp(rng.normal(size=(30, 12)) * 3),
    ("expression", "log2"): lambda rng: rng.normal(5, 2, size=(30, 12)),
    ("expression", "fpkm"): lambda rng: np.exp(rng.normal(size=(30, 12))),
    ("expression", "counts"): lambda rng: rng.poisson(60, size=(30, 12)).astype(float),
    ("expression", "zscore"): lambda rng: rng.normal(size=(30, 12)) * 6,
    ("methylation", "beta"): lambda rng: rng.beta(1, 2, size=(30, 12)),
    ("methylation", "m_value"): lambda rng: rng.normal(size=(30, 12)) * 2,
    ("mutation", "binary"): lambda rng: rng.binomial(1, 0.3, size=(30, 12)).astype(float),
    ("copy_number", "gistic"): lambda rng: rng.integers(-2, 3, size=(30, 12)).astype(float),
    ("copy_number", "log2"): lambda rng: rng.normal(size=(30, 12)),
    ("mirna", "tpm"): lambda rng: np.exp(rng.normal(size=(30, 12))),
    ("protein", "raw"): lambda rng: rng.normal(100, 9, size=(30, 12)),
}


def made(kind: str, scale: str, seed: int = 0) -> tuple[pd.DataFrame, object, object]:
    """A table, a preprocessor fitted on it, and its fixed form."""
    values = SHAPES[kind, scale](np.random.default_rng(seed))
    names = [f"F{j:02d}" for j in range(values.shape[1])]
    table = pd.DataFrame(values, [f"P{i:02d}" for i in range(len(values))], names)
    preprocessor = make_preprocessor(Layer(kind, table, scale)).fit(table)
    return table, preprocessor, fixed_transform(preprocessor, kind, scale, table)


@pytest.mark.parametrize(("kind", "scale"), SHAPES)
def test_complete_patients_come_out_as_from_the_preprocessor(kind: str, scale: str) -> None:
    table, preprocessor, transform = made(kind, scale)
    other = pd.DataFrame(
        SHAPES[kind, scale](np.random.default_rng(9)), columns=table.columns
    ).rename(index=lambda i: f"N{i}")
    for given in (table, other):
        expected = preprocessor.transform(given)
        assert np.allclose(transform.apply(given).ready, expected, atol=1e-12)
    assert transform.features == tuple(table.columns[preprocessor.kept_])


@pytest.mark.parametrize(("kind", "scale"), SHAPES)
def test_missing_values_become_the_training_median(kind: str, scale: str) -> None:
    table, preprocessor, transform = made(kind, scale)
    seen = transform.apply(pd.DataFrame(np.nan, ["N1"], table.columns))
    assert np.isfinite(seen.ready).all()
    assert seen.observed.tolist() == [0.0]
    assert seen.outside.tolist() == [0.0]
    kept = preprocessor.analysis_values(table).iloc[:, preprocessor.kept_]
    if kind not in ("mutation", "copy_number"):
        medians = (np.median(kept, axis=0) - transform.centre) / transform.spread
        assert np.allclose(medians, 0, atol=1e-12)
    elif kind == "mutation":
        assert (seen.ready == 0).all()


@pytest.mark.parametrize(("kind", "scale"), SHAPES)
def test_nobody_else_changes_a_patient(kind: str, scale: str) -> None:
    table, _, transform = made(kind, scale)
    together = transform.apply(table).ready
    for place in (0, 13, 29):
        alone = transform.apply(table.iloc[[place]]).ready
        assert alone[0].tobytes() == together[place].tobytes()


def test_no_training_patient_lies_outside_and_a_wrong_unit_does() -> None:
    for kind, scale in SHAPES:
        table, _, transform = made(kind, scale)
        assert (transform.apply(table).outside == 0).all(), (kind, scale)
    table, _, transform = made("protein", "raw")
    assert (transform.apply(table * 1000).outside == 1).all()
    table, _, transform = made("radiomics", "raw")
    assert (transform.apply(-table).outside == 1).all()


def test_absent_features_count_as_missing_and_order_does_not_matter() -> None:
    table, _, transform = made("expression", "log2")
    some = table.iloc[:, ::-1].drop(columns=["F03", "F04", "F05"])
    seen = transform.apply(some)
    assert np.allclose(seen.observed, 0.75)
    blank = table.copy()
    blank[["F03", "F04", "F05"]] = np.nan
    assert seen.ready.tobytes() == transform.apply(blank).ready.tobytes()


def test_scales_with_one_scale_of_analysis_agree() -> None:
    table, _, transform = made("expression", "fpkm")
    logged = transform.apply(np.log2(table + 1), "log2").ready
    assert np.allclose(logged, transform.apply(table).ready)
    assert compatible("beta", "m_value")
    assert not compatible("raw", "zscore")
    assert not compatible("log2", "zscore")
    assert not compatible("raw", "log2")


def test_counts_are_taken_against_the_patients_own_library() -> None:
    table, _, transform = made("expression", "counts")
    assert np.allclose(transform.apply(3 * table).ready, transform.apply(table).ready)
    empty = transform.apply(0 * table.iloc[:1])
    assert empty.observed.tolist() == [0.0]


def test_normal_scores_are_thinned_but_keep_their_ends() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(np.exp(rng.normal(size=(400, 3)) * 2), columns=["A", "B", "C"])
    preprocessor = make_preprocessor(Layer("radiomics", table, "raw")).fit(table)
    transform = fixed_transform(preprocessor, "radiomics", "raw", table)
    assert {len(knots) for knots in transform.knots} == {MOST_KNOTS}
    assert np.allclose(transform.low, table.min())
    difference = transform.apply(table).ready - preprocessor.transform(table)
    assert np.abs(difference).max() < 0.5
    assert np.sqrt((difference**2).mean()) < 0.08
    assert len(thinned(np.arange(5.0), np.arange(5.0))[0]) == 5


def test_power_transforms_have_no_fixed_form() -> None:
    table, _, _ = made("radiomics", "raw")
    preprocessor = make_preprocessor(Layer("radiomics", table, "raw"), method="power").fit(table)
    with pytest.raises(ClassifierError, match="use method='rank'"):
        fixed_transform(preprocessor, "radiomics", "raw", table)


def test_some_features_of_a_transform_are_those_of_the_whole() -> None:
    for kind, scale in SHAPES:
        table, _, transform = made(kind, scale)
        columns = np.array([0, 2])
        if len(transform.features) < 3:
            continue
        part = transform.restricted(columns)
        whole = transform.apply(table).ready[:, columns]
        if scale != "counts":
            table = table[list(part.features)]
        assert part.apply(table).ready.tobytes() == np.ascontiguousarray(whole).tobytes()
        assert replace(part, n_measured=1).n_measured == 1
