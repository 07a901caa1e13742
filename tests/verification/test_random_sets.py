from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_cohorts import image_signature, planted_cohort, relocked

from omicsfuse.core.errors import SignatureError, StudyError
from omicsfuse.core.results import Signature
from omicsfuse.signatures.scorer import make_scorer
from omicsfuse.survival.score import score_z
from omicsfuse.verification import verify
from omicsfuse.verification.random_sets import PROLIFERATION_GENES, matched_sets


@pytest.fixture(scope="module")
def image() -> Signature:
    return image_signature()


def table_of(n_genes: int, seed: int = 0, n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    level, spread = rng.uniform(2, 14, n_genes), rng.uniform(0.3, 3, n_genes)
    values = level + spread * rng.standard_normal((n, n_genes))
    return pd.DataFrame(values, columns=[f"G{i:04d}" for i in range(n_genes)])


def test_random_genes_are_alike_in_mean_and_spread() -> None:
    table = table_of(2000)
    mean, sd = table.mean().to_numpy(), table.std().to_numpy()
    members = np.argsort(mean)[-400::10]  # genes of high expression
    sets, note = matched_sets(table, members, 100)
    plain, _ = matched_sets(table, members, 100, matched="none")
    assert note == ""
    for trait in (mean, sd):
        far = np.abs(trait[plain] - trait[members]).mean()
        near = np.abs(trait[sets] - trait[members]).mean()
        assert near < 0.35 * far
    assert mean[sets].mean() == pytest.approx(mean[members].mean(), rel=0.05)
    assert mean[plain].mean() < 0.8 * mean[members].mean()


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 60), st.integers(0, 10**6), st.data())
def test_no_gene_is_twice_in_a_set(n_genes: int, seed: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, n_genes))
    members = np.sort(np.random.default_rng(seed).choice(n_genes, size, replace=False))
    table = table_of(n_genes, seed, n=12)
    for matched in ("none", "mean_variance"):
        sets, _ = matched_sets(table, members, 8, matched=matched, random_state=seed)
        assert sets.shape == (8, size)
        assert all(len(set(row)) == size for row in sets.tolist())
        assert sets.min() >= 0
        assert sets.max() < n_genes
        again, _ = matched_sets(table, members, 8, matched=matched, random_state=seed)
        np.testing.assert_array_equal(sets, again)


def test_every_near_gene_has_the_same_chance() -> None:
    table = table_of(40)  # so few that all 30 nearest of one gene come from most of them
    sets, _ = matched_sets(table, np.array([7]), 6000)
    counts = np.bincount(sets[:, 0], minlength=40)
    assert (counts > 0).sum() == 30
    drawn = counts[counts > 0]
    # Chi-squared of equal chances, 29 degrees of freedom: 58 at p = 0.001.
    assert ((drawn - 200) ** 2 / 200).sum() < 58


def test_proliferation_is_matched_where_its_genes_are_there() -> None:
    rng = np.random.default_rng(1)
    table = table_of(600, 1, n=80)
    rate = rng.standard_normal(80)
    sd = table.std().to_numpy()
    table.iloc[:, :150] += 1.5 * rate[:, None] * sd[:150]
    names = list(table.columns)
    names[100:112] = PROLIFERATION_GENES[:12]
    table = table.set_axis(names, axis=1).sort_index(axis=1)
    follow = np.flatnonzero(np.abs(table.corrwith(pd.Series(rate)).to_numpy()) > 0.5)
    members = follow[5:25]

    def share(matched: str) -> float:
        sets, note = matched_sets(table, members, 60, matched=matched)
        assert "not matched" not in note
        return float(np.isin(sets, follow).mean())

    assert share("mean_variance_proliferation") > 0.6
    assert share("mean_variance") < 0.5


def test_too_few_proliferation_genes_are_said() -> None:
    table = table_of(100).rename(columns={"G0001": "MKI67", "G0002": "PCNA"}).sort_index(axis=1)
    members = np.arange(5, 10)
    sets, note = matched_sets(table, members, 20, matched="mean_variance_proliferation")
    assert note.startswith("random sets not matched on proliferation: 2 of 23 proliferation genes")
    plain, _ = matched_sets(table, members, 20)
    np.testing.assert_array_equal(sets, plain)
    own = ["G0003", "G0004", "G0005", "G0006", "G0007"]
    _, note = matched_sets(
        table, members, 20, matched="mean_variance_proliferation", proliferation_genes=own
    )
    assert note == "" or "share" in note


def test_overlap_with_the_signature_is_said() -> None:
    _, note = matched_sets(table_of(100), np.arange(50), 30)
    assert "random sets share" in note
    assert "50 genes are drawn from only 100" in note
    assert matched_sets(table_of(3000), np.arange(50), 5)[1] == ""
    everything, note = matched_sets(table_of(12), np.arange(12), 4)
    assert "share on average 100% of their genes" in note
    assert sorted(everything[0]) == list(range(12))


def test_constant_genes_and_missing_values_do_no_harm() -> None:
    table = table_of(60)
    table.iloc[::3, 5] = np.nan
    table.iloc[:, 6] = 3.0
    sets, _ = matched_sets(table, np.array([5, 6, 7]), 10, matched="mean_variance_proliferation",
                           proliferation_genes=list(table.columns[:8]))  # fmt: skip
    assert sets.shape == (10, 3)
    with pytest.raises(StudyError, match="matched is 'bins'"):
        matched_sets(table, np.array([5]), 10, matched="bins")


def test_null_is_that_of_the_same_scorer_and_test(image: Signature) -> None:
    cohort = planted_cohort("elsewhere", 5)
    found = verify(image, cohort, n_random=60, n_permutations=0, random_state=4)
    null, row = found.null, found.table.iloc[0]
    table = cohort.omics["rna"].table.sort_index(axis=1)
    ready = make_scorer("weighted_z", table, scaling="cohort")
    members = ready.genes.get_indexer(image.templates.index)
    sets, _ = matched_sets(table, members, 60, random_state=4)
    known = cohort.survival("os").loc[table.index]
    time, event = known["time"].to_numpy(), known["event"].to_numpy()
    weights = image.templates.to_numpy()
    z = np.array([score_z(time, event, ready.score(one, weights))[0] for one in sets])
    own = score_z(time, event, ready.score(members, weights))[0]
    np.testing.assert_allclose(null.loc[null["kind"] == "random", "z"], z, atol=1e-9)
    assert null.loc[null["kind"] == "signature", "z"].iloc[0] == pytest.approx(own)
    reached = (np.abs(z) >= abs(own)).sum()
    assert row["random_null_percentile"] == pytest.approx(100 * (np.abs(z) < abs(own)).mean())
    assert row["random_null_p"] == pytest.approx((1 + reached) / 61)
    assert np.isnan(row["permuted_null_percentile"])


def test_shuffled_signatures(image: Signature) -> None:
    cohort = planted_cohort("elsewhere", 5)
    rng = np.random.default_rng(0)
    others = []
    for _ in range(9):
        genes = pd.Index(sorted(rng.choice([f"G{i:03d}" for i in range(120)], 12, replace=False)))
        genes = genes.rename("gene")
        others.append(
            relocked(
                image,
                templates=image.templates.set_axis(genes, axis=0),
                reference=image.reference.set_axis(genes, axis=0),
            )
        )
    found = verify(image, cohort, shuffled=others, n_random=0, n_permutations=0)
    permuted = found.null[found.null["kind"] == "permuted"]
    assert len(permuted) == 9
    own = found.null.loc[found.null["kind"] == "signature", "z"].iloc[0]
    expected = 100 * (permuted["z"].abs() < abs(own)).mean()
    assert found.table["permuted_null_percentile"].iloc[0] == pytest.approx(expected)
    assert np.isnan(found.table["random_null_p"].iloc[0])
    # One whose genes are not there, and one of another score, are no part of it.
    strange = pd.Index([f"X{i}" for i in range(12)], name="gene")
    absent = relocked(
        image,
        templates=image.templates.set_axis(strange, axis=0),
        reference=image.reference.set_axis(strange, axis=0),
    )
    named = relocked(image, templates=image.templates.set_axis(["else"], axis=1))
    fewer = verify(image, cohort, shuffled=[absent, named], n_random=0, n_permutations=0)
    assert fewer.table["permuted_null_percentile"].isna().all()
    unlocked = replace(image, hash="")
    with pytest.raises(SignatureError, match="not locked"):
        verify(image, cohort, shuffled=[unlocked])


def test_reference_scaling_says_how_random_sets_are_scaled(image: Signature) -> None:
    cohort = planted_cohort("elsewhere", 5)
    found = verify(image, cohort, scaling="reference", n_random=20, n_permutations=0)
    assert "scaled by this cohort" in found.table["note"].iloc[0]
    assert np.isfinite(found.table["random_null_p"].iloc[0])
    assert [exclusion for exclusion in found.exclusions if exclusion.what == "features"] == []
