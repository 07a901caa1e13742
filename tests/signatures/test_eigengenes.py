"""Reference values: tests/reference/coexpression.R; R 4.2.2, WGCNA 1.72-1."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.signatures.eigengenes import (
    eigengene,
    merged_modules,
    module_eigengenes,
    module_membership,
    standardised_genes,
)

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(REFERENCE / "coexpression_data.csv", index_col=0).to_numpy(dtype=float)
PLANTED = pd.read_csv(REFERENCE / "coexpression_labels.csv")["planted"].to_numpy()

# Printed by the script: moduleEigengenes(x, planted)$varExplained.
EXPLAINED = [0.63268102231, 0.545555121056, 0.488613944979, 0.653679948849]


def test_eigengenes_and_membership_are_those_of_wgcna() -> None:
    found, explained = module_eigengenes(standardised_genes(DATA), PLANTED)
    expected = pd.read_csv(REFERENCE / "coexpression_eigengenes.csv", index_col=0)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(explained, EXPLAINED, rtol=1e-10)
    membership = pd.read_csv(REFERENCE / "coexpression_kme.csv", index_col=0)
    np.testing.assert_allclose(module_membership(DATA, found), membership, rtol=1e-9, atol=1e-11)


def test_membership_is_over_the_patients_who_have_the_gene() -> None:
    data, profile = DATA[:, :3].copy(), DATA[:, [3]]
    data[:20, 0] = np.nan
    data[:, 1] = 4.0
    found = module_membership(data, profile)
    assert found[0, 0] == pytest.approx(np.corrcoef(data[20:, 0], profile[20:, 0])[0, 1])
    assert found[1, 0] == 0


def test_an_eigengene_goes_along_with_the_mean() -> None:
    z = standardised_genes(DATA)[:, PLANTED == 1]
    found, _ = eigengene(z)
    assert found @ z.mean(axis=1) > 0
    assert np.allclose(eigengene(-z)[0], -found)
    assert (found**2).sum() == pytest.approx(1)


def test_like_modules_merge_and_unlike_ones_do_not() -> None:
    z = standardised_genes(DATA)
    halves = np.where((PLANTED == 1) & (np.arange(150) % 2 == 0), 5, PLANTED)
    assert (np.bincount(merged_modules(z, halves, 0.25)) == np.bincount(PLANTED)).all()
    assert merged_modules(z, halves, 0.0).max() == 5
    assert merged_modules(z, halves, 2.0).max() == 1
    assert (merged_modules(z, np.zeros(150, dtype=int), 0.25) == 0).all()
