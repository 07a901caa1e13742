import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import stats

from omicsfuse.biology import compare_scores
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import Subtypes
from omicsfuse.core.results.biology import SCORE_TEST_COLUMNS
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.rank_tests import brunner_munzel


def cohort(
    sizes: tuple[int, ...], n_scores: int = 3, seed: int = 0
) -> tuple[Subtypes, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    patients = [f"P{i:03d}" for i in range(sum(sizes))]
    names = np.repeat([f"S{i + 1}" for i in range(len(sizes))], sizes)
    scores = pd.DataFrame(rng.standard_normal((len(patients), n_scores)), patients)
    scores.columns = [f"score {i}" for i in range(n_scores)]
    return Subtypes(pd.Series(names, patients), {}, {}), scores


def test_each_row_is_the_test_it_names() -> None:
    subtypes, scores = cohort((12, 9, 7))
    scores.iloc[:12, 0] += 2
    scores.iloc[0, 0] = np.nan
    table = compare_scores(subtypes, scores)
    assert list(table.columns) == SCORE_TEST_COLUMNS
    assert table["comparison"].tolist() == ["overall", "S1", "S2", "S3"] * 3
    own = subtypes.labels
    for row in table.itertuples():
        values = scores[row.score].dropna()
        labels = own.loc[values.index]
        assert row.n == len(values)
        if row.comparison == "overall":
            expected = stats.kruskal(*(values[labels == name] for name in subtypes.names))
            effect = expected.statistic / (len(values) - 1)
        else:
            first, second = values[labels == row.comparison], values[labels != row.comparison]
            expected = stats.mannwhitneyu(first, second, method="asymptotic")
            effect = 2 * expected.statistic / (len(first) * len(second)) - 1
            # The interval is that of a radiomic feature.
            marker = brunner_munzel(first.to_numpy()[:, None], second.to_numpy()[:, None])
            assert row.effect_ci_low == marker.low[0] < effect < marker.high[0]
            assert row.effect_ci_high == marker.high[0]
        np.testing.assert_allclose(row.p, expected.pvalue, rtol=1e-10)
        np.testing.assert_allclose(row.effect, effect, rtol=1e-10)
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"].to_numpy()))


def test_families_are_apart() -> None:
    subtypes, scores = cohort((12, 9, 7), 4)
    family = {name: ("one" if i < 2 else "two") for i, name in enumerate(scores.columns)}
    table = compare_scores(subtypes, scores, family=family)
    for part in (table.iloc[:8], table.iloc[8:]):
        np.testing.assert_allclose(part["fdr"], benjamini_hochberg(part["p"].to_numpy()))
    with pytest.raises(StudyError, match=r"1 scores have no family, e\.g\. 'score 3'"):
        compare_scores(subtypes, scores, family={k: v for k, v in family.items() if k[-1] != "3"})


def test_groups_that_do_not_overlap_have_an_interval() -> None:
    subtypes, scores = cohort((5, 8), 1)
    scores.iloc[:5] += 100
    row = compare_scores(subtypes, scores).set_index("comparison").loc["S1"]
    assert row["effect"] == row["effect_ci_high"] == 1
    assert 0.2 < row["effect_ci_low"] < 0.6


def test_few_patients_and_constant_scores_are_noted() -> None:
    subtypes, scores = cohort((6, 5, 2), 2)
    scores["score 1"] = 4.0
    table = compare_scores(subtypes, scores).set_index(["score", "comparison"])
    assert table.loc[("score 0", "overall"), "note"] == "without S3 (2): too few patients"
    assert table.loc[("score 0", "overall"), "n"] == 11
    assert table.loc[("score 0", "S3"), "note"] == "2 patients against 11: too few to test"
    flat = table.loc["score 1"]
    assert flat[["p", "fdr", "effect", "effect_ci_low"]].isna().all().all()
    assert flat["note"].tolist()[:2] == ["does not vary"] * 2
    empty = compare_scores(subtypes, scores.assign(**{"score 0": np.nan}))
    assert "fewer than two subtypes" in empty.loc[0, "note"]


def test_random_labels_give_no_discoveries_even_with_correlated_scores() -> None:
    subtypes, _ = cohort((20, 15, 10))
    rng = np.random.default_rng(5)
    found, draws = 0, 80
    for _ in range(draws):
        common = rng.standard_normal((45, 1))
        scores = pd.DataFrame(common + rng.standard_normal((45, 8)), subtypes.labels.index)
        found += bool((compare_scores(subtypes, scores)["fdr"] <= 0.05).any())
    assert found <= stats.binom.ppf(0.995, draws, 0.05)


@settings(max_examples=40, deadline=None)
@given(
    npst.arrays(np.float64, (14, 2), elements=st.integers(-5, 5).map(float)),
    st.permutations(range(14)),
)
def test_neither_order_nor_a_monotone_change_matters(values: np.ndarray, order: list[int]) -> None:
    subtypes, _ = cohort((6, 4, 4))
    scores = pd.DataFrame(values, subtypes.labels.index, ["a", "b"])
    first = compare_scores(subtypes, scores)
    other = compare_scores(subtypes, (3 * scores + 2).iloc[order])
    pd.testing.assert_frame_equal(first, other, check_exact=True)


def test_what_cannot_be_done_is_said() -> None:
    subtypes, scores = cohort((6, 5))
    with pytest.raises(StudyError, match="score 'score 0' occurs twice"):
        compare_scores(subtypes, scores.set_axis(["score 0", "score 0", "x"], axis=1))
    with pytest.raises(StudyError, match="patient 'P000' occurs twice"):
        compare_scores(subtypes, pd.concat([scores, scores.iloc[:1]]))
    with pytest.raises(StudyError, match=r"'score 1' is of type (object|str); expected numbers"):
        compare_scores(subtypes, scores.assign(**{"score 1": "high"}))
    with pytest.raises(StudyError, match="'score 2' is infinite"):
        compare_scores(subtypes, scores.assign(**{"score 2": np.inf}))
    one, scores = cohort((6,))
    with pytest.warns(OmicsfuseWarning, match="there is one subtype"):
        assert compare_scores(one, scores).empty
    assert compare_scores(subtypes, scores[[]]).empty
