"""What all scorers have in common, and each against a worked example or another program."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cosine
from scipy.stats import rankdata

from omicsfuse.core.errors import SignatureError
from omicsfuse.core.results import Signature
from omicsfuse.signatures.scaling import standardise
from omicsfuse.signatures.scorer import make_scorer
from omicsfuse.signatures.scorers.nearest_template import NearestTemplate, template_scores
from omicsfuse.signatures.scorers.rank import RankScore
from omicsfuse.signatures.scorers.weighted_z import weighted_scores
from omicsfuse.stats.single_sample.ssgsea import SingleSampleEnrichment

REFERENCE = Path(__file__).parents[1] / "reference"
ALL = [
    ("nearest_template", "cohort"),
    ("nearest_template", "reference"),
    ("weighted_z", "cohort"),
    ("weighted_z", "reference"),
    ("rank", "none"),
    ("ssgsea", "none"),
    ("gsva", "cohort"),
]
GENES = [f"g{i:02}" for i in range(30)]
WEIGHTS = np.array([[1.0, 0.0], [0.5, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -1.0], [-0.5, 1.0]])


def cohort(n: int = 24, seed: int = 0, missing: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((n, len(GENES))) * 2 + 7
    values[rng.random(values.shape) < missing] = np.nan
    return pd.DataFrame(values, [f"P{i:02}" for i in range(n)], GENES)


def signature() -> Signature:
    own = GENES[:6]
    reference = pd.DataFrame({"mean": 7.1, "sd": 1.9}, own)
    return Signature("toy", pd.DataFrame(WEIGHTS, own, ["A", "B"]), reference, "log2", {}, {})


def score(scorer: str, scaling: str, table: pd.DataFrame) -> pd.DataFrame:
    engine = make_scorer(scorer, table, scaling=scaling, signature=signature())
    scores = engine.score(engine.genes.get_indexer(pd.Index(GENES[:6])), WEIGHTS)
    return pd.DataFrame(scores, engine.patients)


@pytest.mark.parametrize(("scorer", "scaling"), ALL)
def test_the_order_of_patients_and_genes_does_not_matter(scorer: str, scaling: str) -> None:
    table = cohort(missing=0.05)
    rng = np.random.default_rng(5)
    turned = table.iloc[rng.permutation(24), rng.permutation(30)]
    first, other = score(scorer, scaling, table), score(scorer, scaling, turned)
    assert list(other.index) == list(turned.index)
    assert first.to_numpy().tobytes() == other.loc[first.index].to_numpy().tobytes()
    engines = [
        make_scorer(scorer, t, scaling=scaling, signature=signature()) for t in (table, turned)
    ]
    assert list(engines[0].genes) == list(engines[1].genes) == sorted(engines[0].genes)


@pytest.mark.parametrize(("scorer", "scaling"), ALL)
def test_many_sets_are_each_scored_as_one(scorer: str, scaling: str) -> None:
    engine = make_scorer(scorer, cohort(missing=0.05), scaling=scaling, signature=signature())
    rng = np.random.default_rng(3)
    members = np.array([rng.choice(len(engine.genes), 6, replace=False) for _ in range(5)])
    many = engine.score_many(members, WEIGHTS)
    assert many.shape == (5, 24, 2)
    assert np.isfinite(many).mean() > 0.9
    for i, own in enumerate(members):
        np.testing.assert_array_equal(many[i], engine.score(own, WEIGHTS))


@pytest.mark.parametrize(("scorer", "scaling"), ALL)
def test_the_sign_of_all_weights_turns_the_score(scorer: str, scaling: str) -> None:
    engine = make_scorer(scorer, cohort(), scaling=scaling, signature=signature())
    members = np.arange(6)
    np.testing.assert_allclose(
        engine.score(members, -WEIGHTS), -engine.score(members, WEIGHTS), atol=1e-12
    )
    nothing = np.column_stack([WEIGHTS[:, 0], np.zeros(6)])
    scores = engine.score(members, nothing)
    assert np.isnan(scores[:, 1]).all()
    assert np.isfinite(scores[:, 0]).all()


@pytest.mark.parametrize(
    ("scorer", "scaling"), [pair for pair in ALL if pair[1] in ("none", "reference")]
)
def test_a_patient_alone_scores_as_in_company(scorer: str, scaling: str) -> None:
    whole = score(scorer, scaling, cohort(missing=0.05 if scaling == "none" else 0))
    table = cohort(missing=0.05 if scaling == "none" else 0)
    for patient in table.index[:6]:
        alone = score(scorer, scaling, table.loc[[patient]])
        assert alone.loc[patient].to_numpy().tobytes() == whole.loc[patient].to_numpy().tobytes()


def test_wrong_combinations_name_the_valid_ones() -> None:
    with pytest.raises(SignatureError, match=r"'reference', which scorer 'rank'.*rank: none; ssg"):
        make_scorer("rank", cohort(), scaling="reference")
    with pytest.raises(SignatureError, match=r"scaling is 'none'.*weighted_z: cohort, reference"):
        make_scorer("weighted_z", cohort(), scaling="none")
    with pytest.raises(SignatureError, match=r"scorer is 'mean'; it must be one of nearest"):
        make_scorer("mean", cohort(), scaling="none")
    with pytest.raises(SignatureError, match="needs a signature"):
        make_scorer("weighted_z", cohort(), scaling="reference")
    with pytest.raises(SignatureError, match=r"9 patients are too few for GSVA.*'rank'"):
        make_scorer("gsva", cohort(9), scaling="cohort")
    twice = cohort().rename(columns={"g01": "g00"})
    with pytest.raises(SignatureError, match="'g00' occurs twice"):
        make_scorer("rank", twice, scaling="none")


def test_sums_are_those_of_the_plain_formulas() -> None:
    z = standardise(None, cohort(missing=0.05))
    for name, plain in (("weighted_z", weighted_scores), ("nearest_template", template_scores)):
        engine = make_scorer(name, cohort(missing=0.05), scaling="cohort")
        members = np.array([4, 9, 2, 20, 11, 7])
        expected = plain(z.to_numpy()[:, members], WEIGHTS)
        np.testing.assert_allclose(engine.score(members, WEIGHTS), expected, rtol=1e-12)


def test_with_a_reference_other_genes_are_scaled_by_the_cohort() -> None:
    engine = make_scorer("weighted_z", cohort(), scaling="reference", signature=signature())
    assert list(engine.genes) == GENES
    one = np.array([[1.0]])
    np.testing.assert_allclose(
        engine.score(np.array([3]), one)[:, 0], ((cohort()["g03"] - 7.1) / 1.9).clip(-4, 4)
    )
    np.testing.assert_allclose(
        engine.score(np.array([10]), one)[:, 0], standardise(None, cohort())["g10"]
    )
    few = make_scorer("weighted_z", cohort(5), scaling="reference", signature=signature())
    assert list(few.genes) == GENES[:6]


# Rank score ---------------------------------------------------------------------------------------


def test_rank_score_worked_by_hand() -> None:
    # Values 10, 8, 6, 4, 2, 1 of A to F: ranks 6 to 1, N = 6.
    # Up A, C: mean rank (6 + 4) / 2 = 5; least (2 + 1) / 2 = 1.5, most (12 - 2 + 1) / 2 = 5.5;
    #   (5 - 1.5) / (5.5 - 1.5) = 0.875; less 0.5: 0.375.
    # Down F, E, D, ranked from the highest: A 1 ... D 4, E 5, F 6: mean 5; least 2, most 5;
    #   (5 - 2) / (5 - 2) = 1; less 0.5: 0.5. Together 0.875.
    table = pd.DataFrame([[10.0, 8.0, 6.0, 4.0, 2.0, 1.0]], ["P1"], list("ABCDEF"))
    up, down = np.array([[1.0], [1.0]]), np.array([[-1.0], [-2.0], [-0.1]])
    engine = RankScore(table)
    assert engine.score(np.array([0, 2]), up)[0, 0] == pytest.approx(0.375)
    assert engine.score(np.array([5, 4, 3]), down)[0, 0] == pytest.approx(0.5)
    both = engine.score(np.array([0, 2, 5, 4, 3]), np.vstack([up, down]))
    assert both[0, 0] == pytest.approx(0.875)
    # With C missing, N = 5 and A alone is up: (5 - 1) / (5 - 1) - 0.5.
    table["C"] = np.nan
    assert RankScore(table).score(np.array([0, 2]), up)[0, 0] == pytest.approx(0.5)
    # B tied with A: both rank 4.5: (4.5 - 1) / 4 - 0.5.
    table["B"] = 10.0
    assert RankScore(table).score(np.array([0, 2]), up)[0, 0] == pytest.approx(0.375)


def singscore(values: dict[str, float], up: list[str], down: list[str]) -> float:
    """Equations of Foroutan et al. 2018, written anew: one patient, no arrays, centred."""
    seen = {gene: x for gene, x in values.items() if x == x}
    total = 0.0
    for genes, sign in ((up, 1), (down, -1)):
        own = [gene for gene in genes if gene in seen]
        if not genes:
            continue
        ranks = []
        for gene in own:
            below = sum(sign * x < sign * seen[gene] for x in seen.values())
            same = sum(x == seen[gene] for x in seen.values())
            ranks.append(below + (same + 1) / 2)
        least, most = (len(own) + 1) / 2, (2 * len(seen) - len(own) + 1) / 2
        total += (sum(ranks) / len(own) - least) / (most - least) - 0.5
    return total


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=12, max_size=12), st.integers(0, 2**12 - 1))
def test_rank_score_is_that_of_the_publication(values: list[int], absent: int) -> None:
    row = [np.nan if absent >> i & 1 else float(x) for i, x in enumerate(values)]
    row[0] = row[3] = 5.0  # a gene up and one down are always there, and one that is neither
    row[11] = 1.0
    genes = list("ABCDEFGHIJKL")
    table = pd.DataFrame([row], ["P1"], genes)
    weights = np.array([[1.0], [3.0], [0.5], [-1.0], [-1.0]])
    found = RankScore(table).score(np.arange(5), weights)[0, 0]
    expected = singscore(dict(zip(genes, row, strict=True)), ["A", "B", "C"], ["D", "E"])
    assert found == pytest.approx(expected, abs=1e-12)
    assert -1 <= found <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_ranks_do_not_see_monotone_transforms_of_a_patient(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.integers(-9, 10, (3, 30)).astype(float), columns=GENES)
    turned = table.copy()
    turned.iloc[0] = table.iloc[0] ** 3 + 2 * table.iloc[0]
    turned.iloc[1] = table.iloc[1] * 4 - 100
    for kind in (RankScore, SingleSampleEnrichment):
        first, other = (kind(t).score(np.arange(6), WEIGHTS) for t in (table, turned))
        assert first.tobytes() == other.tobytes()


def test_no_gene_of_a_direction_is_no_score() -> None:
    table = cohort(3)
    table.loc["P01", GENES[:2]] = np.nan
    weights = np.array([[1.0], [1.0], [-1.0]])
    for kind in (RankScore, SingleSampleEnrichment):
        scores = kind(table).score(np.array([0, 1, 2]), weights)[:, 0]
        assert np.isnan(scores).tolist() == [False, True, False]
        # Without genes outside the set there is nothing to rank them against.
        assert np.isnan(kind(table).score(np.arange(30), np.ones((30, 1)))).all()


# Enrichment scores --------------------------------------------------------------------------------


@pytest.mark.parametrize(("scorer", "scaling"), [("ssgsea", "none"), ("gsva", "cohort")])
def test_against_bioconductor(scorer: str, scaling: str) -> None:
    # R 4.2.2, GSVA 1.46.0; the calls stand in tests/reference/gene_set_scores.R.
    table = pd.read_csv(REFERENCE / "gene_set_table.csv", index_col=0)
    expected = pd.read_csv(REFERENCE / "gene_set_scores.csv")
    expected = expected[expected["method"] == scorer]
    genes = list(table.columns)
    sets = {
        "a": genes[:10],
        "b": [genes[i - 1] for i in (3, 17, 25, 31, 44, 58)],
        "c": genes[1::3],
    }
    engine = make_scorer(scorer, table, scaling=scaling)
    factor = len(genes) if scorer == "ssgsea" else 1
    for name, own in sets.items():
        scores = engine.score(engine.genes.get_indexer(pd.Index(own)), np.ones((len(own), 1)))
        reference = expected[expected["set"] == name].set_index("patient")["score"]
        np.testing.assert_allclose(
            factor * scores[:, 0], reference.loc[table.index], rtol=0, atol=1e-12
        )


def test_ssgsea_against_gseapy_patient_by_patient() -> None:
    import gseapy

    table = cohort(8, missing=0.1).add_prefix("G")
    engine = SingleSampleEnrichment(table)
    members = np.arange(8)
    scores = engine.score(members, np.ones((8, 1)))[:, 0]
    for i, patient in enumerate(table.index):
        row = table.loc[patient].dropna()
        own = [gene for gene in engine.genes[members] if gene in row.index]
        found = gseapy.ssgsea(
            row.to_frame("P").rename(str.upper),
            {"set": [gene.upper() for gene in own]},
            min_size=1,
            max_size=1000,
            outdir=None,
            threads=1,
        ).res2d
        assert len(row) * scores[i] == pytest.approx(float(found["ES"].iloc[0]), abs=1e-9)


def test_gsva_missing_values_count_as_the_mean() -> None:
    table = cohort()
    table.iloc[3, 2] = np.nan
    table["g07"] = 4.0
    table.iloc[:13, 8] = np.nan
    filled = table.copy()
    filled.iloc[3, 2] = table["g02"].mean()
    engine = make_scorer("gsva", table, scaling="cohort")
    assert not {"g07", "g08"} & set(engine.genes)
    other = make_scorer("gsva", filled, scaling="cohort")
    np.testing.assert_allclose(
        engine.score(np.arange(6), WEIGHTS), other.score(np.arange(6), WEIGHTS), atol=1e-12
    )


# Nearest template ---------------------------------------------------------------------------------


def test_p_of_the_nearest_template_against_a_direct_loop() -> None:
    engine = NearestTemplate(cohort(15))
    z = standardise(None, cohort(15))
    members, weights = np.array([3, 8, 1, 20, 6, 13]), np.abs(WEIGHTS)
    p = engine.resampled_p(members, weights, n_resamples=60, random_state=7)
    rng = np.random.default_rng(7)
    draws = [rng.choice(np.arange(30), 6, replace=False) for _ in range(60)]
    for i, (_, row) in enumerate(z.iterrows()):
        values = row.to_numpy()
        distance = min(cosine(values[members], w) for w in weights.T)
        null = [min(cosine(values[own], w) for w in weights.T) for own in draws]
        assert p[i] == (sum(d <= distance + 1e-12 for d in null) + 1) / 61
    assert 0 < p.min() < p.max() <= 1
    np.testing.assert_array_equal(
        p, engine.resampled_p(members, weights, n_resamples=60, random_state=7)
    )


def test_p_of_a_patient_does_not_depend_on_company() -> None:
    members, weights = np.arange(6), np.abs(WEIGHTS)
    table = cohort(40)
    whole, part = (
        NearestTemplate(t, "reference", signature()).resampled_p(
            members, weights, pool=members, random_state=2
        )
        for t in (table, table.iloc[[5]])
    )
    assert part[0] == whole[5]


def test_p_is_uniform_where_nothing_resembles_anything() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.standard_normal((300, 200)), columns=[f"{i:03}" for i in range(200)])
    weights = np.repeat(np.eye(2), 15, axis=0)
    p = NearestTemplate(table).resampled_p(np.arange(30), weights)
    # 300 uniform p-values: their share below 0.05 is 0.05 with a standard error of 0.013.
    assert 0.015 < np.mean(p < 0.05) < 0.09
    assert abs(np.mean(p) - 0.5) < 0.06
    assert rankdata(p).max() > 250  # hardly any ties
