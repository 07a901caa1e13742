"""Log-rank tests against R's survival, against enumeration, and at the edges."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.stats.intervals import clopper_pearson
from omicsfuse.survival.logrank import logrank_test, permutation_logrank


# R 4.2.2, survival 3.5-3, survdiff(Surv(time, status) ~ sex, lung): tests/reference/survival.R
def test_two_groups_equal_r(lung: pd.DataFrame) -> None:
    result = logrank_test(lung["time"], lung["status"], lung["sex"])
    assert result.chi2 == pytest.approx(10.32674195488563, rel=1e-12)
    assert result.p == pytest.approx(0.00131116452036, rel=1e-9)
    assert result.dof == 1
    assert result.observed.tolist() == [112, 53]
    np.testing.assert_allclose(result.expected, [91.5817390296, 73.4182609704], rtol=1e-11)


# R 4.2.2, survival 3.5-3, survdiff(Surv(time, status) ~ celltype, veteran), and in months
@pytest.mark.parametrize(
    ("time", "chi2", "p", "expected"),
    [
        (
            "time",
            25.4037003458,
            1.27124593901e-05,
            [15.6937646144, 34.5494783863, 30.1020793268, 47.6546776725],
        ),
        (
            "coarse",
            24.0298160546,
            2.46244828322e-05,
            [17.1125009262, 33.0734839587, 31.9458920330, 45.8681230822],
        ),
    ],
)
def test_four_groups_equal_r(
    veteran: pd.DataFrame, time: str, chi2: float, p: float, expected: list[float]
) -> None:
    result = logrank_test(veteran[time], veteran["status"], veteran["celltype"])
    assert result.dof == 3
    assert result.chi2 == pytest.approx(chi2, rel=1e-11)
    assert result.p == pytest.approx(p, rel=1e-10)
    assert result.observed.tolist() == [26, 26, 45, 31]  # adeno, large, smallcell, squamous
    np.testing.assert_allclose(result.expected, expected, rtol=1e-11)


# R 4.2.2, survival 3.5-3, survdiff(Surv(time, status) ~ ph.ecog, lung)
def test_a_group_of_one_patient_equals_r(lung: pd.DataFrame) -> None:
    known = lung.dropna(subset=["ph.ecog"])
    result = logrank_test(known["time"], known["status"], known["ph.ecog"])
    assert result.observed.tolist() == [37, 82, 44, 1]
    assert result.chi2 == pytest.approx(21.9621316825, rel=1e-11)
    assert result.p == pytest.approx(6.64253535580e-05, rel=1e-10)


def test_group_never_at_risk_costs_a_degree_of_freedom() -> None:
    time = np.array([1, 1, 5, 6, 7, 8, 9, 10])
    event = np.array([0, 0, 1, 1, 1, 1, 0, 1])
    group = np.array(["c", "c", "a", "b", "a", "b", "a", "b"])
    three = logrank_test(time, event, group)
    two = logrank_test(time[2:], event[2:], group[2:])
    assert three.dof == 1
    assert three.chi2 == pytest.approx(two.chi2, rel=1e-12)
    assert three.expected[2] == 0


@pytest.mark.parametrize(
    ("time", "event"),
    [
        (np.arange(1, 9), np.zeros(8)),  # all censored
        (np.full(8, 3.0), np.ones(8)),  # all die at once: nobody left to compare with
        (np.zeros(8), np.zeros(8)),
    ],
)
def test_nothing_to_compare(time: np.ndarray, event: np.ndarray) -> None:
    result = logrank_test(time, event, np.repeat(["a", "b"], 4))
    assert (result.chi2, result.dof) == (0.0, 0)
    assert np.isnan(result.p)
    assert permutation_logrank(time, event, np.repeat(["a", "b"], 4), 19).p == 1.0


def test_one_group_and_nobody() -> None:
    assert logrank_test(np.arange(5), np.ones(5), np.zeros(5)).dof == 0
    empty = logrank_test(np.zeros(0), np.zeros(0), np.zeros(0))
    assert empty.dof == 0
    assert empty.observed.size == 0


def test_one_event_has_the_chance_of_a_draw() -> None:
    # One death among n at risk, m of them in the group: E = m / n, V = m (n - m) / n^2.
    result = logrank_test(np.arange(1, 7), [1, 0, 0, 0, 0, 0], ["a", "a", "b", "b", "b", "b"])
    assert result.expected.tolist() == pytest.approx([2 / 6, 4 / 6])
    assert result.chi2 == pytest.approx((1 - 2 / 6) ** 2 / (2 / 6 * 4 / 6))


survival_data = st.integers(6, 25).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 12), min_size=n, max_size=n),
        st.lists(st.booleans(), min_size=n, max_size=n),
        st.lists(st.sampled_from("abc"), min_size=n, max_size=n),
        st.permutations(range(n)),
    )
)


@settings(max_examples=60, deadline=None)
@given(survival_data)
def test_order_names_and_unit_do_not_matter(data: tuple) -> None:
    time, event, group = (np.array(values) for values in data[:3])
    order = list(data[3])
    plain = logrank_test(time, event, group)
    renamed = np.array([{"a": "z", "b": "y", "c": "x"}[name] for name in group])
    other = logrank_test(time[order] * 30.4375, event[order], renamed[order])
    assert other.dof == plain.dof
    assert other.chi2 == pytest.approx(plain.chi2, rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(other.observed, plain.observed[::-1])
    np.testing.assert_allclose(other.expected, plain.expected[::-1], atol=1e-9)
    assert plain.expected.sum() == pytest.approx(plain.observed.sum())


@settings(max_examples=25, deadline=None)
@given(survival_data)
def test_permutation_p_does_not_depend_on_order(data: tuple) -> None:
    time, event, group = (np.array(values) for values in data[:3])
    order = list(data[3])
    plain = permutation_logrank(time, event, group, 60, 5)
    assert permutation_logrank(time[order] / 7, event[order], group[order], 60, 5) == plain


@pytest.mark.parametrize("sizes", [(4, 4), (2, 6), (2, 3, 3)])
def test_permutation_p_equals_enumeration(sizes: tuple[int, ...]) -> None:
    time = np.array([2, 3, 3, 5, 6, 6, 8, 9])
    event = np.array([1, 1, 0, 1, 1, 1, 0, 1])
    group = np.repeat(range(len(sizes)), sizes)
    observed = logrank_test(time, event, group).chi2
    everyone = range(8)
    arrangements = []
    for first in combinations(everyone, sizes[0]):
        rest = [patient for patient in everyone if patient not in first]
        for second in combinations(rest, sizes[1]):
            labels = np.full(8, 2)
            labels[list(first)], labels[list(second)] = 0, 1
            arrangements.append(logrank_test(time, event, labels).chi2)
    exact = np.mean(np.array(arrangements) >= observed - 1e-9)
    result = permutation_logrank(time, event, group, 20_000, random_state=1)
    assert result.ci_low <= exact <= result.ci_high
    assert result.p == pytest.approx(exact, abs=0.015)


def test_permutation_agrees_with_the_asymptotic_p_in_large_groups(lung: pd.DataFrame) -> None:
    result = permutation_logrank(lung["time"], lung["status"], lung["sex"], 4000, 0)
    assert result.ci_low < 0.00131 < result.ci_high
    again = permutation_logrank(lung["time"], lung["status"], lung["sex"], 4000, 0)
    assert again == result


def test_permutations_do_not_depend_on_threads_or_on_being_adaptive(lung: pd.DataFrame) -> None:
    # A p near 0.05, so that the adaptive test goes through several rounds.
    group = np.random.default_rng(37).random(len(lung)) < 0.3
    event = lung["status"].to_numpy()
    adaptive = permutation_logrank(lung["time"], event, group, random_state=3)
    assert adaptive.n_permutations > 5_000
    for n_jobs in (1, 2):
        fixed = permutation_logrank(
            lung["time"], event, group, adaptive.n_permutations, 3, n_jobs=n_jobs
        )
        assert fixed == adaptive
    assert permutation_logrank(lung["time"], event, group, random_state=3, n_jobs=2) == adaptive


@pytest.mark.parametrize("number", [1, 999, 1_000, 1_001, 2_500])
def test_blocks_of_any_size_are_the_same_with_threads(lung: pd.DataFrame, number: int) -> None:
    arrays = (lung["time"], lung["status"], lung["inst"].fillna(0) > 10)
    one = permutation_logrank(*arrays, number, 3)
    assert one.n_permutations == number
    assert permutation_logrank(*arrays, number, 3, n_jobs=2) == one


# R 4.2.2, binom.test(0, 99)$conf.int, binom.test(7, 99)$conf.int, binom.test(99, 99)$conf.int
@pytest.mark.parametrize(
    ("extreme", "low", "high"),
    [(0, 0.0, 0.0365757449835), (7, 0.0288990847755, 0.1402692658272), (99, 0.963424255017, 1.0)],
)
def test_clopper_pearson_equals_r(extreme: int, low: float, high: float) -> None:
    assert clopper_pearson(extreme, 99) == pytest.approx((low, high), abs=1e-11)


@pytest.mark.parametrize("number", [0, -3, 2.5, True, "many"])
def test_refuses_a_senseless_number_of_permutations(number: object) -> None:
    with pytest.raises(StudyError, match=r"n_permutations is .*: give a whole number"):
        permutation_logrank([1, 2], [1, 1], ["a", "b"], number)


@pytest.mark.parametrize(
    ("time", "event", "group", "message"),
    [
        ([1, np.nan], [1, 1], ["a", "b"], "1 survival times are missing, infinite or negative"),
        ([1, -2], [1, 1], ["a", "b"], r"first: -2.0 at position 1"),
        ([1, 2], [1, 2], ["a", "b"], r"events are neither 0 nor 1 \(first: .*2.* at position 1"),
        ([1, 2], [1, np.nan], ["a", "b"], "events are neither 0 nor 1"),
        ([1, 2, 3], [1, 1], ["a", "b"], r"time has shape \(3,\) and event \(2,\)"),
        ([1, 2], [1, 1], ["a"], r"group has shape \(1,\) but there are 2 patients"),
        ([1, 2], [1, 1], np.array(["a", None], dtype=object), "1 patients have no group"),
    ],
)
def test_refuses_what_cannot_be_survival_data(
    time: list, event: list, group: list, message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        logrank_test(time, event, group)
