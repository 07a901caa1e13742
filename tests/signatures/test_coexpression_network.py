"""Reference values: tests/reference/coexpression.R; R 4.2.2, WGCNA 1.72-1."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import StudyError
from omicsfuse.signatures.coexpression_network import (
    NETWORKS,
    adjacency,
    chosen_power,
    gene_correlation,
    scale_free_fit,
    topological_overlap,
)

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(REFERENCE / "coexpression_data.csv", index_col=0).to_numpy(dtype=float)
ROWS = pd.read_csv(REFERENCE / "coexpression_rows.csv")
FIT = pd.read_csv(REFERENCE / "coexpression_fit.csv")


def with_missing() -> np.ndarray:
    found = pd.read_csv(REFERENCE / "coexpression_missing.csv")
    data = DATA.copy()
    data[found["row"] - 1, found["col"] - 1] = np.nan
    return data


def matrix(name: str) -> np.ndarray:
    related = gene_correlation(DATA)
    unsigned = adjacency(related, 4, "unsigned")
    return {
        "pearson": lambda: related,
        "bicor": lambda: gene_correlation(DATA, "bicor"),
        "pearson_missing": lambda: gene_correlation(with_missing()),
        "signed": lambda: adjacency(related, 6),
        "unsigned": lambda: unsigned,
        "hybrid": lambda: adjacency(related, 4, "signed hybrid"),
        "tom": lambda: topological_overlap(adjacency(related, 6)),
        "tom_unsigned": lambda: topological_overlap(unsigned),
        "tom_signed": lambda: topological_overlap(np.sign(related) * unsigned),
    }[name]()


@pytest.mark.parametrize("name", ROWS["matrix"].unique())
def test_matrices_are_those_of_wgcna(name: str) -> None:
    expected = ROWS[ROWS["matrix"] == name]
    found = matrix(name)
    np.testing.assert_allclose(
        found[:, [0, 74, 149]], expected[["G001", "G075", "G150"]], rtol=1e-10, atol=1e-11
    )
    np.testing.assert_allclose(found.sum(axis=1), expected["sum"], rtol=1e-10)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_scale_free_fit_is_that_of_wgcna(network: str) -> None:
    expected = FIT[FIT["type"] == network].reset_index(drop=True)
    found = scale_free_fit(gene_correlation(DATA), network, tuple(expected["power"]))
    for own, other in {"r2": "r2", "slope": "slope", "mean_connectivity": "mean"}.items():
        np.testing.assert_allclose(found[own], expected[other], rtol=1e-10)
    np.testing.assert_allclose(found["median_connectivity"], expected["median"], rtol=1e-10)
    np.testing.assert_allclose(found["max_connectivity"], expected["max"], rtol=1e-10)
    assert chosen_power(found, 0.85) == expected["estimate"].iloc[0]


def test_missing_values_count_for_no_pair() -> None:
    data = with_missing()
    for kind in ("pearson", "bicor"):
        found = gene_correlation(data, kind)
        for i, j in ((0, 74), (3, 9), (148, 149)):
            both = ~np.isnan(data[:, [i, j]]).any(axis=1)
            alone = gene_correlation(data[both][:, [i, j]], kind)[0, 1]
            # bicor keeps each gene's own median and deviation, of all its values.
            assert found[i, j] == pytest.approx(alone, abs=1e-12 if kind == "pearson" else 0.05)


def test_odd_genes_do_no_harm() -> None:
    data = np.c_[DATA[:, :3], np.full(60, 5.0), np.r_[np.zeros(50), np.arange(10.0)]]
    data[:58, 2] = np.nan
    found = gene_correlation(data)
    assert (found[3, [0, 1, 2, 4]] == 0).all()  # constant
    assert (found[2, [0, 1]] == 0).all()  # two patients
    robust = gene_correlation(data, "bicor")
    assert np.isfinite(robust).all()
    # Half its values are one: no deviation from the median, so its own weights are equal.
    assert robust[4, 0] != 0


def test_an_outlier_moves_bicor_little() -> None:
    data = DATA[:, :2].copy()
    before = [gene_correlation(data, kind)[0, 1] for kind in ("pearson", "bicor")]
    data[0] = [500.0, -500.0]
    after = [gene_correlation(data, kind)[0, 1] for kind in ("pearson", "bicor")]
    assert abs(after[0] - before[0]) > 0.5
    assert abs(after[1] - before[1]) < 0.1


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(StudyError, match="correlation is 'kendall'; it must be one of pearson"):
        gene_correlation(DATA, "kendall")
    with pytest.raises(StudyError, match="network is 'both'; it must be one of signed"):
        adjacency(np.eye(2), 2, "both")


def test_without_variation_there_is_no_fit() -> None:
    fit = scale_free_fit(np.ones((20, 20)), powers=(1, 2))
    assert fit["signed_r2"].isna().all()
    assert chosen_power(fit, 0.85) == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(NETWORKS), st.integers(1, 12))
def test_overlap_is_a_similarity(seed: int, network: str, power: int) -> None:
    data = np.random.default_rng(seed).integers(-4, 5, (12, 15)).astype(float)
    strength = adjacency(gene_correlation(data), power, network)
    found = topological_overlap(strength)
    assert (found == found.T).all()
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diag(found) == 1).all()
    # Genes by genes, as the definition has it.
    i, j = 2, 7
    others = [u for u in range(15) if u not in (i, j)]
    shared = strength[i, others] @ strength[others, j]
    k = strength.sum(axis=0) - 1
    expected = (shared + strength[i, j]) / (min(k[i], k[j]) + 1 - strength[i, j])
    assert found[i, j] == pytest.approx(expected, abs=1e-12)
