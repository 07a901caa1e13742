import numpy as np
import pandas as pd
import pytest

from omicsfuse.stats.compiled import compiled
from omicsfuse.stats.correlations import missing_patterns, ranks_given, spearman, t_p_value
from omicsfuse.stats.group_tests import chi_square, cramers_v, monte_carlo
from omicsfuse.stats.least_squares import fit_genes, moderate, slopes
from omicsfuse.stats.p_values import on_its_side, p_text, permutation_p
from omicsfuse.stats.shares import mutated_share, n_tables
from omicsfuse.stats.single_sample.ranks import up_and_down, within_patient_ranks
from omicsfuse.stats.single_sample.sums import member_sums
from omicsfuse.stats.tested import as_tested


def test_slope_of_a_group_is_its_difference_and_its_gene_leads() -> None:
    values = np.random.default_rng(0).standard_normal((10, 50))
    first = np.arange(10) < 5
    values[first, 0] += 5
    result = slopes(values, np.ones((10, 1)), first.astype(float), np.ones(50, dtype=bool))
    assert np.argmax(result.t) == 0
    assert result.low[0] < 5 < result.high[0]


def test_variances_of_one_size_have_a_prior_near_it() -> None:
    values = np.random.default_rng(0).standard_normal((10, 200))
    design = np.column_stack([np.ones(10), np.repeat([0.0, 1.0], 5)])
    prior = moderate(fit_genes(values - values.mean(axis=0), None, design))
    assert prior.df_prior > 20
    assert prior.variance_prior == pytest.approx(1, abs=0.1)


def test_newcombes_first_example() -> None:
    inside, outside = np.repeat([1.0, 0], [56, 14]), np.repeat([1.0, 0], [48, 32])
    result = mutated_share(inside[:, None], outside[:, None])
    assert [float(x[0]) for x in (result.effect, result.low, result.high)] == pytest.approx(
        [0.2, 0.0524, 0.3339], abs=5e-5
    )


def test_sums_of_the_members_of_sets() -> None:
    values = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
    sums = member_sums(values, np.array([[0, 2], [1, 2]]), np.array([[1.0], [-1.0]]))
    assert sums.tolist() == [[[-99.0], [-198.0]], [[-90.0], [-180.0]]]


def test_correlations_and_ranks_of_small_tables() -> None:
    rows = spearman(np.array([[1.0, 2, 3], [0, 0, 0]]), np.array([[1.0, 9, 4], [1, 2, 3]]))
    np.testing.assert_allclose(rows, [0.5, np.nan])
    assert t_p_value(np.array([0.5]), 18.0)[0] == pytest.approx(0.0248, abs=5e-5)
    assert ranks_given(np.array([[1.0], [2.0], [9.0]]), None)[0].ravel().tolist() == [-2, 0, 2]
    patterns = missing_patterns(np.array([[1.0, 2.0, 3.0], [np.nan, 2.0, 3.0]]))
    assert [(seen.tolist(), columns.tolist()) for seen, columns in patterns] == [
        ([True, False], [0]),
        ([True, True], [1, 2]),
    ]
    ranked = within_patient_ranks(pd.DataFrame({"B": [5.0, 1.0], "A": [5.0, np.nan]}))
    assert (list(ranked.genes), ranked.ranks.tolist()) == (["A", "B"], [[1.5, 0], [1.5, 1]])
    assert ranked.n_genes.tolist() == [2, 1]


def test_tables_of_counts() -> None:
    statistic, p, _ = chi_square(np.array([[20, 12], [15, 18], [10, 25]]))
    assert (round(statistic, 4), round(p, 4)) == (7.7791, 0.0205)
    assert cramers_v(12.0, np.array([[6, 0], [0, 6]])) == 1
    assert monte_carlo(np.array([[6, 0, 0], [0, 6, 0], [0, 0, 6]]), 999, 0) == 0.001
    assert (n_tables(3, 40, 2), n_tables(5, 40, 4)) == (4, 56)


def test_p_values_and_what_has_none() -> None:
    assert permutation_p(4, 99) == 0.05
    written = [p_text(value) for value in (0.00009, 0.0042, 0.0496, 0.25, 0.999)]
    assert written == ["< 0.001", "0.004", "0.050", "0.25", "1.00"]
    # Just above the level, which is not significant; at the level and below, which is.
    assert [p_text(value) for value in (0.0503, 0.05004, 0.05)] == ["0.0503", "0.05004", "0.050"]
    shown = [on_its_side(value, 0.5) for value in (0.498, 0.4996, 0.5, 0.502, 0.3)]
    assert shown == ["0.498", "0.4996", "0.50", "0.50", "0.30"]
    assert on_its_side(0.1004, 0.1, at_most=True) == "0.1004"
    numbers = np.array([[1.0, 2.0], [0.5, 1.0], [1.5, 3.0], [0.01, np.nan]])
    tested = as_tested(*numbers, np.array([9, 4]), "difference of means", "moderated t")
    np.testing.assert_equal(tested.effect, [1.0, np.nan])
    np.testing.assert_equal(tested.high, [1.5, np.nan])
    assert tested.test.tolist() == ["moderated t"] * 2


def test_weights_are_split_by_sign() -> None:
    (up, raised), (down, lowered) = up_and_down(np.array([[0.2], [-3.0], [0.0]]))
    assert (up, raised.tolist()) == (1, [[1], [0], [0]])
    assert (down, lowered.tolist()) == (-1, [[0], [1], [0]])


def test_a_compiled_function_is_the_function() -> None:
    @compiled
    def twice(x):
        return 2 * x

    assert twice(2.0) == 4
