"""Distances between patients: values by hand, by SciPy and by R; invariants; refusals."""

import re
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import pdist, squareform

import omicsfuse as of
from omicsfuse.core.results import PreparedLayer
from omicsfuse.fusion import distances_blocks as blocks
from omicsfuse.fusion.distances import patient_distances
from omicsfuse.fusion.distances_choice import (
    METRICS,
    check_metric,
    default_metric,
    distance_table,
    metric_name,
)
from omicsfuse.fusion.distances_given import precomputed_distances

SCIPY = {
    "euclidean": "euclidean",
    "squared_euclidean": "sqeuclidean",
    "correlation": "correlation",
    "cosine": "cosine",
    "manhattan": "cityblock",
    "jaccard": "jaccard",
    "hamming": "hamming",
}


def tables() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {
        "standardised": rng.normal(size=(40, 15)),
        "binary": (rng.random((40, 30)) < 0.3).astype(float),
        "levels": np.clip(np.rint(1.3 * rng.normal(size=(40, 20))), -2, 2),
        "many levels": rng.integers(0, 400, (40, 12)).astype(float),
        "far from zero": 1e6 + rng.normal(size=(40, 15)),
        "one feature": rng.normal(size=(40, 1)),
    }


def reference(table: np.ndarray, metric: str) -> np.ndarray:
    table = table != 0 if metric == "jaccard" else table
    return squareform(pdist(table, SCIPY[metric]))


@pytest.mark.parametrize(
    ("metric", "name"),
    # The correlation over one feature is undefined.
    [(m, t) for m in SCIPY for t in tables() if (m, t) != ("correlation", "one feature")],
)
def test_scipy_agrees(metric: str, name: str) -> None:
    table = tables()[name]
    # What SciPy loses by subtracting from 1 where rows point the same way is not ours to lose.
    atol = 1e-13 if metric in ("correlation", "cosine") else 0
    if name == "far from zero" and metric == "correlation":
        atol = 1e-9
    np.testing.assert_allclose(
        patient_distances(table, metric), reference(table, metric), rtol=1e-10, atol=atol
    )


@pytest.mark.parametrize("metric", ["euclidean", "squared_euclidean", "correlation", "cosine"])
def test_several_tiles_agree_with_scipy(metric: str) -> None:
    n = 2 * blocks.TILE + 30
    table = np.random.default_rng(1).normal(size=(n, 25))
    ours = patient_distances(table, metric)
    np.testing.assert_allclose(ours, reference(table, metric), rtol=1e-11)
    np.testing.assert_array_equal(ours, ours.T)
    np.testing.assert_array_equal(ours, patient_distances(table, metric, n_jobs=3))


@pytest.mark.parametrize("metric", list(METRICS))
@pytest.mark.parametrize("name", ["standardised", "binary", "levels", "many levels"])
def test_the_same_bytes_on_any_number_of_threads(
    metric: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "TILE", 16)
    table = tables()[name]
    if metric == "chi_square":
        table = np.abs(table)
    one = patient_distances(table, metric)
    assert one.tobytes() == patient_distances(table, metric, n_jobs=4).tobytes()
    monkeypatch.setattr(blocks, "TILE", 512)
    np.testing.assert_allclose(one, patient_distances(table, metric), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("metric", ["euclidean", "correlation", "manhattan", "gower", "jaccard"])
def test_memory_stays_near_one_square_table(metric: str) -> None:
    n = 1500
    table = np.random.default_rng(0).normal(size=(n, 20))
    tracemalloc.start()
    try:
        distances = patient_distances(table, metric)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The isfinite mask is an eighth of the table; tiles are small.
    assert peak < 1.4 * distances.nbytes


def test_values_by_hand() -> None:
    table = np.array([[0.0, 0.0, 3.0], [3.0, 4.0, 3.0], [0.0, 8.0, 3.0]])
    expected = {
        "euclidean": [5, 8, 5],
        "squared_euclidean": [25, 64, 25],
        "manhattan": [7, 8, 7],
        "hamming": [2 / 3, 1 / 3, 2 / 3],
        "jaccard": [2 / 3, 1 / 2, 1 / 3],
        "cosine": [
            1 - 9 / (3 * np.sqrt(34)),
            1 - 9 / (3 * np.sqrt(73)),
            1 - 41 / np.sqrt(34 * 73),
        ],
        # Ranges 3 and 8; the third feature is the same for all and is not counted.
        "gower": [(1 + 0.5) / 2, (0 + 1) / 2, (1 + 0.5) / 2],
    }
    for metric, values in expected.items():
        ours = patient_distances(table, metric)[[0, 0, 1], [1, 2, 2]]
        np.testing.assert_allclose(ours, values, rtol=1e-14, err_msg=metric)


# From tests/reference/distances.R: R 4.2.2, package cluster 2.1.4.
MIXED = np.array(
    [
        [51, 0.61, -2, 0, 3],
        [62, 0.35, 0, 1, 3],
        [47, 0.82, 1, 1, 7],
        [70, 0.44, 0, 0, 7],
        [58, 0.90, 2, 1, 7],
    ]
)
COUNTS = np.array([[10, 0, 3, 7], [2, 5, 0, 0], [12, 1, 1, 8], [4, 4, 0, 20.0]])
TIED = np.array([[1, 2, 2, 5, 4], [3, 3, 1, 0, 2], [7, 6, 1, 1, 9.0]])
BINARY = np.array([[1, 1, 0, 0, 1], [0, 1, 1, 0, 0], [0, 0, 0, 1, 0], [1, 0, 1, 1, 0.0]])


@pytest.mark.parametrize(
    ("metric", "table", "expected"),
    [
        (
            "gower",
            MIXED,
            "0.490197628458498 0.661146245059289 0.52703557312253 0.766324110671937 "
            "0.551343873517786 0.502292490118577 0.534782608695652 0.588181818181818 "
            "0.174743083003953 0.571620553359684",
        ),
        (
            "chi_square",
            COUNTS,
            "2.1811629784992 0.482076474506615 1.11039729054836 1.99014851069453 "
            "1.92168081190846 0.910526463952828",
        ),
        ("correlation", TIED, "1.72347804341447 1.21775819330616 0.218929387796614"),
        ("spearman", TIED, "1.76315789473684 1.23684210526316 0.368421052631579"),
        ("jaccard", BINARY, "0.75 1 0.8 1 0.75 0.666666666666667"),
    ],
)
def test_r_agrees(metric: str, table: np.ndarray, expected: str) -> None:
    ours = squareform(patient_distances(table, metric), checks=False)
    np.testing.assert_allclose(ours, np.array(expected.split(), dtype=float), rtol=1e-13)


def test_chi_square_by_the_formula_and_without_features_that_nobody_has() -> None:
    profiles = COUNTS / COUNTS.sum(axis=1, keepdims=True)
    share = COUNTS.sum(axis=0) / COUNTS.sum()
    first = np.sqrt(np.sum((profiles[0] - profiles[3]) ** 2 / share))
    assert patient_distances(COUNTS, "chi_square")[0, 3] == pytest.approx(first, rel=1e-13)
    wider = np.insert(COUNTS, 2, 0.0, axis=1)
    np.testing.assert_allclose(
        patient_distances(wider, "chi_square"), patient_distances(COUNTS, "chi_square"), rtol=1e-13
    )


def test_gower_of_two_valued_features_is_simple_matching() -> None:
    table = tables()["binary"]
    np.testing.assert_allclose(
        patient_distances(table, "gower"), patient_distances(table, "hamming"), rtol=1e-14
    )
    np.testing.assert_allclose(
        patient_distances(7 * table - 3, "gower"), patient_distances(table, "gower"), rtol=1e-13
    )


@pytest.mark.parametrize("metric", list(METRICS))
def test_equal_patients_are_at_zero(metric: str) -> None:
    rng = np.random.default_rng(3)
    table = np.abs(1e3 + rng.normal(size=(12, 9)))
    table[7] = table[2]
    distances = patient_distances(table, metric)
    assert distances[7, 2] == distances[2, 7] == 0
    np.testing.assert_array_equal(distances.diagonal(), 0)
    np.testing.assert_array_equal(distances[7], distances[2])


@pytest.mark.parametrize("gap", [1e-4, 1e-8])
@pytest.mark.parametrize("share", [0.01, 1.0])
def test_near_duplicates_keep_their_digits(gap: float, share: float) -> None:
    # Pairs that lie close together and far from the origin: a product alone loses every digit.
    rng = np.random.default_rng(5)
    table = 100 * rng.normal(size=(100, 30))
    twins = table + gap * rng.normal(size=table.shape)
    n = int(share * 100)
    both = np.concatenate([table, twins[:n]])
    if share == 1.0:
        both[:100] = both[0] + gap * rng.normal(size=table.shape)
    for metric in ("euclidean", "squared_euclidean"):
        np.testing.assert_allclose(
            patient_distances(both, metric), reference(both, metric), rtol=1e-10
        )


def test_nearly_parallel_patients_keep_their_digits() -> None:
    angle = 1e-6
    table = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
    cosine = patient_distances(table, "cosine")[0, 1]
    assert cosine == pytest.approx(2 * np.sin(angle / 2) ** 2, rel=1e-9)


def test_equal_distances_of_whole_numbers_stay_equal() -> None:
    # Binary layers are full of ties, and who counts as a neighbour must not hang on rounding.
    rng = np.random.default_rng(2)
    table = (rng.random((60, 40)) < 0.2).astype(float)
    table[:, 0] = 1
    order = rng.permutation(60)
    for metric in ("euclidean", "cosine", "jaccard", "hamming", "manhattan"):
        distances = patient_distances(table, metric)
        again = patient_distances(table[order][:, ::-1], metric)
        np.testing.assert_array_equal(again, distances[np.ix_(order, order)], err_msg=metric)
        shared = table @ table.T
        counts = np.stack(
            [shared, shared.diagonal()[:, None] + shared.diagonal()[None]], axis=-1
        ).reshape(-1, 2)
        by_counts = pd.Series(distances.ravel()).groupby([counts[:, 0], counts[:, 1]]).nunique()
        if metric != "cosine":
            assert by_counts.max() == 1, metric


# On a grid, so that adding 64 loses no digit: differences of 1e-15 would vanish in it.
TABLES = arrays(
    np.float64,
    st.tuples(st.integers(2, 9), st.integers(2, 6)),
    elements=st.floats(0, 50, allow_subnormal=False, width=32),
).map(lambda table: np.round(table * 2**16) / 2**16)


@settings(max_examples=60, deadline=None)
@given(TABLES, st.sampled_from(list(METRICS)), st.randoms(use_true_random=False))
def test_invariants(table: np.ndarray, metric: str, random: object) -> None:
    table[:, 0] += 1.0
    table[:, 1] += 1.0 + table[:, 0]
    before = table.copy()
    distances = patient_distances(table, metric)
    np.testing.assert_array_equal(table, before)
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(distances.diagonal(), 0)
    assert distances.dtype == np.float64
    assert np.isfinite(distances).all()
    assert (distances >= 0).all()
    if metric in ("jaccard", "hamming", "gower"):
        assert (distances <= 1 + 1e-12).all()
    order = list(range(len(table)))
    random.shuffle(order)
    near = {"rtol": 1e-9, "atol": 1e-12 * max(1.0, distances.max())}
    moved = patient_distances(table[order], metric)
    np.testing.assert_allclose(moved, distances[np.ix_(order, order)], **near)
    doubled = patient_distances(4 * table, metric)
    factor = {"euclidean": 4, "manhattan": 4, "squared_euclidean": 16}.get(metric, 1)
    np.testing.assert_allclose(doubled, factor * distances, rtol=1e-9, atol=16 * near["atol"])
    if metric in ("euclidean", "squared_euclidean", "manhattan", "gower", "hamming"):
        shifted = patient_distances(table + 64, metric)
        np.testing.assert_allclose(shifted, distances, rtol=1e-6, atol=1e-9)


def test_edge_cases() -> None:
    same = np.full((4, 3), 0.1)
    for metric in ("euclidean", "manhattan", "gower", "hamming", "jaccard", "cosine", "chi_square"):
        assert not patient_distances(same, metric).any(), metric
    nothing = np.zeros((3, 5))
    for metric in ("jaccard", "hamming", "gower", "manhattan"):
        assert not patient_distances(nothing, metric).any(), metric
    half = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    assert patient_distances(half, "jaccard").tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    assert patient_distances(np.array([[1.0], [4.0]]), "euclidean").tolist() == [[0, 3], [3, 0]]
    assert patient_distances(np.array([[1.0, 2.0]]), "euclidean").tolist() == [[0]]
    # A read-only table, integers and a transposed view are tables too.
    frozen = np.arange(12).reshape(3, 4).T
    frozen.flags.writeable = False
    assert patient_distances(frozen, "manhattan")[0, 3] == 9


@pytest.mark.parametrize(
    ("table", "metric", "message"),
    [
        ([[1.0, np.nan], [0, 1]], "euclidean", r"missing or infinite ones in 1 patient \(first at"),
        ([[1.0, np.inf], [0, 1]], "jaccard", "complete, finite values"),
        ([1.0, 2.0], "euclidean", r"patients x features, found shape \(2,\)"),
        (np.ones((3, 0)), "euclidean", r"found shape \(3, 0\)"),
        (
            [[1.0, 2], [3, 3]],
            "correlation",
            "undefined for 1 patient .first at row 1.*are constant",
        ),
        ([[0.1, 0.1], [1, 3]], "spearman", "undefined for 1 patient .first at row 0"),
        ([[1.0, 2], [0, 0], [0, 0]], "cosine", "cosine distance is undefined for 2 patients"),
        ([[1.0, 2], [0, 0]], "chi_square", "chi_square distance is undefined.*values are all 0"),
        ([[1.0, 2], [-2, 3]], "chi_square", "not negative, found -2 among 1 patient .*row 1"),
        ([[1e200, 2], [-1e200, 3]], "euclidean", "overflows: values reach 1e[+]200"),
        ([[1e308, 2], [-1e308, 3]], "manhattan", "overflows"),
        ([[1.0, 2], [3, 4]], "euclidian", 'did you mean "euclidean"'),
        ([[1.0, 2], [3, 4]], 3, "of type int; expected a name"),
        ([[1.0, 2], [3, 4]], pd.DataFrame(), "precomputed_distances"),
    ],
)
def test_tables_refused(table: object, metric: object, message: str) -> None:
    with pytest.raises(of.StudyError, match=message):
        patient_distances(np.asarray(table), metric)


def test_threads_refused() -> None:
    with pytest.raises(of.StudyError, match="n_jobs is 0"):
        patient_distances(np.eye(3), "euclidean", n_jobs=0)


def one_minus_correlation(values: np.ndarray) -> np.ndarray:
    values *= 2.0  # A function may do what it likes with its copy.
    return 1 - np.corrcoef(values)


def test_a_function_is_a_metric() -> None:
    table = tables()["standardised"]
    before = table.copy()
    ours = patient_distances(table, one_minus_correlation)
    np.testing.assert_array_equal(table, before)
    np.testing.assert_allclose(ours, patient_distances(table, "correlation"), atol=1e-12)
    np.testing.assert_array_equal(ours, ours.T)
    np.testing.assert_array_equal(ours.diagonal(), 0)
    assert metric_name(one_minus_correlation) == "one_minus_correlation"


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.zeros((3, 2)), r"expected 3 x 3 distances.*found shape \(3, 2\)"),
        (np.zeros((2, 2)), r"expected 3 x 3"),
        (np.zeros(3), r"found shape \(3,\)"),
        (None, "expected a square array of numbers, found a NoneType"),
        ([["a"]], "expected a square array of numbers"),
        (np.zeros((3, 3), complex), "expected a square array of numbers"),
        ([[0, np.nan, 1], [np.nan, 0, 1], [1, 1, 0]], "found 2 values missing or infinite.*row 0"),
        ([[0, -1, 1], [-1, 0, 1], [1, 1, 0]], "must not be negative, found -1 from row 0 to row 1"),
        ([[0, 1, 1], [2, 0, 1], [1, 1, 0]], "symmetric, found 1 from row 0 to row 1 but 2"),
        ([[0, 1, 1], [1, 0.5, 1], [1, 1, 0]], "to themselves must be 0, found 0.5 at row 1. Give"),
        (np.eye(3), "must be 0, found 1 at row 0. These look like similarities"),
    ],
)
def test_what_a_function_returns_is_checked(returned: object, message: str) -> None:
    def mine(values: np.ndarray) -> object:
        return returned

    with pytest.raises(of.StudyError, match=f"metric mine: .*{message}"):
        patient_distances(np.ones((3, 2)), mine)


def test_a_function_that_fails_is_named() -> None:
    def mine(values: np.ndarray) -> np.ndarray:
        raise KeyError("age")

    with pytest.raises(of.StudyError, match=r"metric mine failed on an array of 3 patients x 2"):
        patient_distances(np.ones((3, 2)), mine)


def frame() -> pd.DataFrame:
    points = np.array([0.0, 1.0, 4.0, 9.0])
    names = ["P4", "P1", "P3", "P2"]
    return pd.DataFrame(np.abs(points[:, None] - points[None]), names, names)


def test_precomputed_distances_come_in_the_order_of_the_patients() -> None:
    table = frame()
    mixed = table.loc[["P1", "P2", "P3", "P4"], ["P3", "P1", "P4", "P2"]]
    wanted = pd.Index(["P2", "P1", "P4"])
    expected = [[0, 8, 9], [8, 0, 1], [9, 1, 0]]
    assert precomputed_distances(mixed, wanted, "images").tolist() == expected
    assert precomputed_distances(mixed.astype("Float64"), wanted, "images").tolist() == expected
    numbered = table.set_axis([4, 1, 3, 2]).set_axis([4, 1, 3, 2], axis=1)
    assert precomputed_distances(numbered, pd.Index(["2", "1", "4"]), "x").tolist() == expected
    assert metric_name(table) == "precomputed"
    # Rounding is put right, and distances of patients who are not asked for are not looked at.
    table.iloc[0, 1] += 1e-12
    table.loc["P3", "P3"] = -5.0
    given = precomputed_distances(table, wanted, "images")
    np.testing.assert_array_equal(given, given.T)


def changed(row: str, column: str, value: float) -> pd.DataFrame:
    table = frame()
    table.loc[row, column] = value
    return table


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (frame().drop(index="P3"), '1 patient of the layer not in the rows: "P3"'),
        (frame().drop(columns=["P3", "P1"]), '2 patients of the layer not in the columns: "P1"'),
        (pd.concat([frame(), frame().loc[["P1"]]]), "1 patient named more than once in the rows"),
        (
            changed("P1", "P2", np.nan),
            '1 value missing or infinite, .*patient "P1" to patient "P2"',
        ),
        (changed("P1", "P2", -3.0), 'negative, found -3 from patient "P1" to patient "P2"'),
        (changed("P1", "P2", 7.0), r'found 7 from patient "P1" to patient "P2" but 8 back'),
        (changed("P1", "P1", 7.0), 'must be 0, found 7 at patient "P1". Give distances'),
        (1 / (1 + frame()), 'found 1 at patient "P1". These look like similarities'),
        (frame().astype(str) + "x", "expected a square array of numbers, found a DataFrame"),
        (frame().to_numpy(), "found a ndarray; expected a pandas.DataFrame"),
    ],
)
def test_precomputed_distances_refused(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(of.StudyError, match=f"distances of layer 'images': .*{message}"):
        precomputed_distances(table, pd.Index(["P1", "P2", "P3", "P4"]), "images")


def test_metrics_are_checked_and_named() -> None:
    for metric in (*METRICS, one_minus_correlation, frame()):
        check_metric(metric, "protein")
    with pytest.raises(of.StudyError, match=r'metric of protein is .cosin.; did you mean "cosine"'):
        check_metric("cosin", "protein")
    with pytest.raises(of.StudyError, match="metric of protein is of type list; expected a name"):
        check_metric(["cosine"], "protein")
    assert metric_name("gower") == "gower"


PATIENTS = ["P1", "P2", "P3"]


def layer(
    kind: str, scale: str, values: object, features: tuple[str, ...] = ("A", "B")
) -> PreparedLayer:
    table = pd.DataFrame(np.asarray(values, dtype=float), PATIENTS, list("ABC"))
    scaled = table[list(features)]
    spread = scaled.std().replace(0, 1)
    if scale not in ("binary", "gistic"):
        scaled = (scaled - scaled.mean()) / spread
    return PreparedLayer(kind, scaled, table, scale, None)


def test_the_table_of_a_distance() -> None:
    amounts = layer("expression", "log2", [[1, 2, np.nan], [3, 0, -1], [0, 5, 2]])
    pd.testing.assert_frame_equal(distance_table(amounts, "euclidean"), amounts.scaled)
    pd.testing.assert_frame_equal(distance_table(amounts, one_minus_correlation), amounts.scaled)
    taken = distance_table(amounts, "chi_square")
    assert taken.to_dict("list") == {"A": [1, 3, 0], "B": [2, 0, 5]}
    genes = layer("mutation", "binary", [[1, 0, 0], [1, 1, 0], [0, 1, 0]])
    pd.testing.assert_frame_equal(distance_table(genes, "chi_square"), genes.scaled)
    pd.testing.assert_frame_equal(distance_table(genes, "jaccard"), genes.scaled)


@pytest.mark.parametrize(
    ("values", "kind", "scale", "metric", "message"),
    [
        (
            [[1, 2, 3], [3, -4, 0], [0, 5, 2]],
            "expression",
            "zscore",
            "chi_square",
            r'\(kind expression, scale zscore\) has 1 value negative, .*"B" of patient "P2"\. It',
        ),
        (
            [[1, 2, 3], [3, 4, 0], [np.nan, 5, 2]],
            "mirna",
            "log2",
            "chi_square",
            r'has 1 value missing, the first in feature "A" of patient "P3"\. It suits amounts',
        ),
        (
            [[1, 1, 0], [0, 0, 1], [1, 0, 1]],
            "mutation",
            "binary",
            "chi_square",
            r'1 of 3 patients have 0 in all features .*: "P2"',
        ),
        (
            [[1, 2, 3], [3, 4, 0], [6, 9, 2]],
            "protein",
            "raw",
            "jaccard",
            "almost no value of this layer",
        ),
        (
            [[1, 2, 3], [3, 4, 0], [5, 9, 2]],
            "protein",
            "raw",
            "hamming",
            "patients rarely share",
        ),
        ([[1, 2, 3], [3, 4, 0], [5, 9, 2]], "protein", "raw", "gowers", 'did you mean "gower"'),
    ],
)
def test_distances_that_do_not_fit_a_layer(
    values: object, kind: str, scale: str, metric: str, message: str
) -> None:
    with pytest.raises(of.StudyError, match=message):
        distance_table(layer(kind, scale, values), metric)


def test_every_default_fits_its_layer(simulated: of.datasets.SimulatedCohort) -> None:
    ready = of.preprocess(simulated.discovery)
    for prepared in ready.layers.values():
        metric = default_metric(prepared)
        table = distance_table(prepared, metric)
        assert table.shape == prepared.scaled.shape
        distances = patient_distances(table.to_numpy(), metric)
        off = ~np.eye(len(distances), dtype=bool)
        assert distances[off].max() > 0
    counts = distance_table(ready.layers["expression"], "chi_square")
    assert patient_distances(counts.to_numpy(), "chi_square").max() > 0


def test_docstrings_name_every_metric() -> None:
    for name, meaning in METRICS.items():
        assert re.fullmatch(r"[a-z_]+", name)
        assert meaning
