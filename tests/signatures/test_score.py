from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import CUT_POINT_COLUMNS, Signature
from omicsfuse.signatures import score_signature
from omicsfuse.signatures.scaling import standardise
from omicsfuse.signatures.score import gene_coverage
from omicsfuse.signatures.scorers.nearest_template import template_scores
from omicsfuse.stats.multiple_testing import benjamini_hochberg

GENES = [f"G{i}" for i in range(12)]


def signature(genes: list[str] = GENES) -> Signature:
    half = len(genes) // 2
    templates = pd.DataFrame(
        {"S1": [1.0] * half + [0.0] * half, "S2": [0.0] * half + [1.0] * half}, genes
    )
    reference = pd.DataFrame({"mean": 2.0, "sd": 3.0}, genes)
    return Signature("toy", templates, reference, "log2", {}, {})


def cohort(n: int = 30, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).standard_normal((n, len(GENES)))
    values[: n // 2, :6] += 3
    values[n // 2 :, 6:] += 3
    return pd.DataFrame(values, [f"P{i}" for i in range(n)], GENES)


def test_score_worked_by_hand() -> None:
    # z = (1, -1, 0, ..., 2): norm sqrt(6); six genes a template, norm sqrt(6).
    # S1: (1 - 1) / 6 = 0; S2: 2 / 6.
    values = np.full(12, 2.0)
    values[[0, 1, 11]] += np.array([3.0, -3.0, 6.0])
    table = pd.DataFrame([values], ["P1"], GENES)
    row = score_signature(signature(), table, scaling="reference", max_fdr=1).loc["P1"]
    assert row["score_S1"] == pytest.approx(0, abs=1e-15)
    assert row["score_S2"] == pytest.approx(1 / 3)
    assert row["subtype"] == "S2"


def test_assignment_follows_the_raised_half() -> None:
    scored = score_signature(signature(), cohort())
    columns = ["subtype", "score_S1", "score_S2", "nearest", "p", "fdr", "scorer", "scaling"]
    assert list(scored.columns) == columns
    assert scored["subtype"].tolist() == ["S1"] * 15 + ["S2"] * 15


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 100), st.floats(-50, 50), st.integers(0, 5))
def test_cohort_scaling_does_not_depend_on_the_unit(a: float, b: float, seed: int) -> None:
    first = score_signature(signature(), cohort(seed=seed))
    other = score_signature(signature(), cohort(seed=seed) * a + b)
    np.testing.assert_allclose(
        first[["score_S1", "score_S2"]], other[["score_S1", "score_S2"]], atol=1e-7
    )
    assert other["score_S1"].between(-1, 1).all()


def test_one_absurd_value_moves_only_its_own_patient() -> None:
    spoiled = cohort()
    spoiled.iloc[3, 8] = 17036.0
    first, other = (score_signature(signature(), table, max_fdr=1) for table in (cohort(), spoiled))
    rest = first.index.drop("P3")
    pd.testing.assert_series_equal(first["subtype"], other["subtype"])
    assert (first.loc[rest, "score_S1"] - other.loc[rest, "score_S1"]).abs().max() < 0.1


def test_missing_values_add_nothing() -> None:
    table = cohort()
    table.iloc[0, :3] = np.nan
    z = standardise(signature(), table)
    assert z.iloc[0, :3].tolist() == [0, 0, 0]
    scored = score_signature(signature(), table)
    assert scored["score_S1"].notna().all()


def test_order_of_columns_does_not_matter() -> None:
    turned = cohort().iloc[:, ::-1].assign(unrelated=1.0)
    pd.testing.assert_frame_equal(
        score_signature(signature(), cohort()), score_signature(signature(), turned)
    )


def test_a_patient_without_values_gets_no_subtype() -> None:
    table = cohort()
    table.loc["P4"] = np.nan
    with pytest.warns(OmicsfuseWarning, match="1 patients have only missing.*P4"):
        scored = score_signature(signature(), table)
    assert scored.loc["P4", "subtype"] is None
    assert np.isnan(scored.loc["P4", "score_S1"])
    assert scored["subtype"].notna().sum() == 29


def test_too_few_genes_name_the_numbers() -> None:
    with pytest.raises(SignatureError, match=r"7 of its 12 genes.*S1 6 of 6, S2 1 of 6.*at least"):
        score_signature(signature(), cohort()[GENES[:7]])
    many = signature([f"H{i}" for i in range(40)])
    table = pd.DataFrame(cohort(30).to_numpy(), columns=[*many.templates.index[14:26]])
    with pytest.raises(SignatureError, match=r"for example, H0, H1, H2. Check the kind of gene"):
        score_signature(many, table.iloc[:, 1:10])
    with pytest.raises(SignatureError, match=r"0 of 12 genes found; not found: G0, G1, G2"):
        score_signature(signature(), cohort().rename(columns=lambda gene: f"X{gene}"))


def test_thirty_percent_of_the_genes_are_needed() -> None:
    many = signature([f"H{i}" for i in range(40)])
    columns = [f"H{i}" for i in (*range(6), *range(20, 26))]
    table = pd.DataFrame(cohort().to_numpy(), columns=columns)
    assert len(score_signature(many, table)) == 30  # 12 of 40
    with pytest.raises(SignatureError, match="11 of its 40 genes"):
        score_signature(many, table.iloc[:, 1:])


def test_constant_genes_are_not_found() -> None:
    table = cohort()
    table["G0"] = 4.0
    table.loc[table.index[:20], "G11"] = np.nan
    assert list(standardise(signature(), table).columns) == GENES[1:11]


def test_small_cohorts_need_the_reference() -> None:
    with pytest.raises(SignatureError, match=r"9 patients are too few.*scaling='reference'"):
        score_signature(signature(), cohort().iloc[:9])
    assert len(score_signature(signature(), cohort().iloc[:1], scaling="reference")) == 1


def test_unknown_scaling() -> None:
    with pytest.raises(SignatureError, match="scaling is 'rank'"):
        score_signature(signature(), cohort(), scaling="rank")
    with pytest.raises(SignatureError, match="needs a signature"):
        standardise(None, cohort(), scaling="reference")


def test_coverage_counts_each_template() -> None:
    table = gene_coverage(signature(), GENES[:8])
    assert table.to_dict("index") == {
        "S1": {"wanted": 6, "found": 6},
        "S2": {"wanted": 6, "found": 2},
    }


def test_template_scores_are_cosines() -> None:
    rng = np.random.default_rng(0)
    z, weights = rng.standard_normal((5, 7)), rng.standard_normal((7, 2))
    expected = [[np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)) for b in weights.T] for a in z]
    np.testing.assert_allclose(template_scores(z, weights), expected)


def test_scores_do_not_depend_on_the_other_rows_nor_on_threads() -> None:
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(1)
    z, weights = rng.standard_normal((301, 157)), rng.standard_normal((157, 3))
    with threadpool_limits(limits=2):
        whole = template_scores(z, weights)
    order = rng.permutation(301)
    assert template_scores(z[order], weights).tobytes() == whole[order].tobytes()
    assert template_scores(np.asfortranarray(z), weights).tobytes() == whole.tobytes()
    assert template_scores(z[7:8], weights).tobytes() == whole[7:8].tobytes()


def test_order_of_patients_does_not_matter_to_the_last_bit() -> None:
    table = cohort(53) * np.pi + 1e6
    table.iloc[::7, 3] = np.nan
    order = np.random.default_rng(2).permutation(53)
    first, turned = (score_signature(signature(), t) for t in (table, table.iloc[order]))
    again = turned.loc[first.index]
    scores = ["score_S1", "score_S2"]
    assert again[scores].to_numpy().tobytes() == first[scores].to_numpy().tobytes()


def one_score(**changes: object) -> Signature:
    toy = signature()
    weights = pd.DataFrame({"size": [1.0] * 6 + [-1.0] * 6}, GENES)
    return replace(toy, templates=weights, **changes)


def cut_point(score: str, scorer: str, scaling: str, cut: float) -> dict[str, object]:
    return dict(zip(CUT_POINT_COLUMNS, [score, scorer, scaling, cut, "by hand"], strict=True))


def test_a_patient_who_resembles_no_template_gets_no_subtype() -> None:
    table = cohort()
    table.iloc[7] = np.tile([-1.0, 4.0, 1.5], 4)
    scored = score_signature(signature(), table)
    assert scored.loc["P7", "subtype"] is None
    assert scored.loc["P7", "nearest"] in ("S1", "S2")
    assert scored.loc["P7", "fdr"] > 0.05
    assert scored["subtype"].notna().sum() == 29
    assert (scored["subtype"].dropna() == scored["nearest"].drop("P7")).all()
    everyone = score_signature(signature(), table, max_fdr=1)
    assert (everyone["subtype"] == everyone["nearest"]).all()
    assert score_signature(signature(), table, max_fdr=0)["subtype"].isna().all()
    np.testing.assert_allclose(scored["fdr"], benjamini_hochberg(scored["p"].to_numpy()))


def test_p_depends_on_the_seed_alone() -> None:
    first, again, other = (
        score_signature(signature(), cohort(), random_state=seed)["p"] for seed in (1, 1, 2)
    )
    pd.testing.assert_series_equal(first, again, check_exact=True)
    assert (first != other).any()
    one, whole = (
        score_signature(signature(), table, scaling="reference")
        for table in (cohort().iloc[[4]], cohort().assign(unrelated=np.arange(30.0)))
    )
    assert one.loc["P4", "p"] == whole.loc["P4", "p"]
    assert one.loc["P4", "score_S1"] == whole.loc["P4", "score_S1"]


def test_what_was_used_is_said_and_taken_from_the_signature() -> None:
    for scorer, scaling in (("rank", "none"), ("weighted_z", "reference")):
        plain = replace(signature(), scorer=scorer, scaling=scaling)
        table = cohort().assign(other=1.0)
        scored = score_signature(plain, table)
        assert set(scored["scorer"]) == {scorer}
        assert set(scored["scaling"]) == {scaling}
        columns = ["subtype", "score_S1", "score_S2", "scorer", "scaling"]
        assert list(scored.columns) == columns
    # The signature's scaling where the scorer knows it, else the scorer's usual one.
    used = score_signature(plain, table, scorer="nearest_template")
    assert set(used["scaling"]) == {"reference"}
    assert set(score_signature(plain, table, scorer="gsva")["scaling"]) == {"cohort"}


def test_high_is_above_the_locked_cut_point_of_this_scorer_and_scaling() -> None:
    cuts = pd.DataFrame(
        [cut_point("size", "weighted_z", "cohort", 0.0), cut_point("size", "rank", "none", 9.0)]
    )
    toy = one_score(cut_points=cuts)
    table = cohort().assign(other=1.0)
    scored = score_signature(toy, table, scorer="weighted_z")
    assert list(scored.columns) == ["subtype", "score_size", "high", "scorer", "scaling"]
    assert scored["high"].tolist() == [True] * 15 + [False] * 15
    assert scored["subtype"].isna().all()
    assert not score_signature(toy, table, scorer="rank")["high"].any()
    unlocked = score_signature(toy, table, scorer="weighted_z", scaling="reference")["high"]
    assert [*unlocked] == [None] * 30
    table.loc["P2"] = np.nan
    with pytest.warns(OmicsfuseWarning, match=r"1 patients have only missing.*P2"):
        assert score_signature(toy, table, scorer="rank")["high"]["P2"] is None
    # Only of the very height of the cut-point: not above it.
    score = score_signature(toy, cohort(), scorer="weighted_z").loc["P3", "score_size"]
    toy = one_score(cut_points=pd.DataFrame([cut_point("size", "weighted_z", "cohort", score)]))
    assert score_signature(toy, cohort(), scorer="weighted_z")["high"]["P3"] is False


def test_ranks_of_different_genes_are_compared_through_cut_points() -> None:
    # Genes of S2 are far higher than those of S1 in every patient.
    table = cohort().assign(**{f"other{i}": 0.5 * i - 4 for i in range(34)})
    table[GENES[6:]] += 6
    for scorer in ("rank", "ssgsea"):
        plain = score_signature(signature(), table, scorer=scorer)
        assert (plain["score_S2"] > plain["score_S1"]).all()
        assert plain["subtype"].tolist() == ["S1"] * 15 + ["S2"] * 15
        cuts = [
            cut_point(name, scorer, "none", plain[f"score_{name}"].median())
            for name in ("S1", "S2")
        ]
        locked = replace(signature(), cut_points=pd.DataFrame(cuts))
        alone = score_signature(locked, table.iloc[[2]], scorer=scorer)
        assert alone.loc["P2", "subtype"] == "S1"
        with pytest.warns(OmicsfuseWarning, match=r"no cut-points are locked.*1 patients are too"):
            few = score_signature(signature(), table.iloc[[2]], scorer=scorer)
        assert few.loc["P2", "subtype"] is None
        assert few.loc["P2", "score_S1"] == plain.loc["P2", "score_S1"]


def test_genes_under_other_names() -> None:
    names = pd.DataFrame({"symbol": ["G0", "G1"], "prev_symbol": ["OLD0", "OLD1"]})
    first = score_signature(signature(), cohort())
    table = cohort().rename(columns={"G0": "OLD0", "G1": "OLD1", "G5": "g5"})
    with pytest.raises(SignatureError, match=r"4 of 6.*10 of 12 genes found: 9 exact, 1 written"):
        score_signature(signature(), table)
    found = score_signature(signature(), table, aliases=names)
    pd.testing.assert_frame_equal(first, found)
    ensembl = cohort().set_axis([f"ENSG{i:011}" for i in range(12)], axis=1)
    with pytest.raises(SignatureError, match=r"aliases="):
        score_signature(signature(), ensembl)
    full = pd.DataFrame({"symbol": GENES, "ensembl_gene_id": ensembl.columns})
    pd.testing.assert_frame_equal(first, score_signature(signature(), ensembl, aliases=full))


def test_the_share_of_genes_is_the_signatures_unless_asked() -> None:
    strict = replace(signature(), settings={"minimum_share_of_genes": 0.9})
    table = cohort().drop(columns=["G5", "G11"])
    assert len(score_signature(signature(), table)) == 30
    with pytest.raises(SignatureError, match=r"10 of its 12 genes.*at least 90% of all and 5"):
        score_signature(strict, table)
    assert len(score_signature(strict, table, minimum_share=0.5)) == 30
    for scorer in ("rank", "gsva"):
        with pytest.raises(SignatureError, match=r"10 of its 12 genes"):
            score_signature(strict, table.assign(other=np.arange(30.0)), scorer=scorer)
    with pytest.raises(SignatureError, match=r"minimum_share is 30; it must be from 0 to 1"):
        score_signature(signature(), table, minimum_share=30)
    with pytest.raises(SignatureError, match=r"max_fdr is -1"):
        score_signature(signature(), table, max_fdr=-1)


def test_a_gene_that_nobody_has_is_not_found_by_any_scorer() -> None:
    table = cohort().assign(G0=np.nan, G1=np.nan, other=np.arange(30.0))
    for scorer in ("weighted_z", "rank", "ssgsea", "gsva"):
        with pytest.raises(SignatureError, match=r"10 of its 12 genes.*S1 4 of 6"):
            score_signature(signature(), table, scorer=scorer)
