"""The table of log-rank tests: rows, family of the false discovery rate, and notes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.results import TEST_FACTS
from omicsfuse.survival._input import MINIMUM_EVENTS
from omicsfuse.survival.comparisons import logrank_table

# R 4.2.2, survival 3.5-3: pchisq(survdiff(Surv(time, status) ~ celltype, pair)$chisq, 1,
# lower = FALSE) for each pair in the order of the rows, and p.adjust(p, "BH") of the six.
PAIRS_P = [
    6.68921225041e-04,
    7.55651328687e-01,
    2.20456751896e-03,
    5.19180149284e-04,
    3.64422837484e-01,
    2.62831687848e-05,
]
PAIRS_BH = [
    0.001337842450083,
    0.755651328687122,
    0.003306851278443,
    0.001337842450083,
    0.437307404980924,
    0.000157699012709,
]

COLUMNS = [
    "endpoint",
    "comparison",
    "n",
    "events",
    "chi2",
    "p_asymptotic",
    "p_permutation",
    "p_ci_low",
    "p_ci_high",
    "n_permutations",
    "fdr",
    "note",
]


@pytest.fixture
def cells(veteran: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Cell types of the veterans as subtypes, and their survival."""
    names = {"smallcell": "S1", "squamous": "S2", "adeno": "S3", "large": "S4"}
    survival = veteran[["time"]].assign(event=veteran["status"])
    return veteran["celltype"].map(names), survival


def test_pairs_and_their_false_discovery_rate(cells: tuple[pd.Series, pd.DataFrame]) -> None:
    labels, survival = cells
    table = logrank_table(labels, survival, "os", n_permutations=0)
    assert table.columns.tolist() == [*COLUMNS, *TEST_FACTS]
    assert table["comparison"].tolist() == [
        "overall",
        *("S1 vs S2", "S1 vs S3", "S1 vs S4", "S2 vs S3", "S2 vs S4", "S3 vs S4"),
    ]
    assert table["n"].tolist() == [137, 83, 75, 75, 62, 62, 54]
    assert table["events"].tolist() == [128, 76, 71, 71, 57, 57, 52]
    assert table.loc[0, "chi2"] == pytest.approx(25.4037003458)
    assert np.isnan(table.loc[0, "fdr"])
    p, fdr = table["p_asymptotic"].to_numpy()[1:], table["fdr"].to_numpy()[1:]
    np.testing.assert_allclose(p, PAIRS_P, rtol=1e-10)
    np.testing.assert_allclose(fdr, PAIRS_BH, rtol=1e-10)
    assert (table["note"] == "").all()
    # With permutations the family is that of their p-values.
    permuted = logrank_table(labels, survival, "os", n_permutations=2_000)
    np.testing.assert_array_equal(permuted["p_asymptotic"], table["p_asymptotic"])
    pairs = permuted["p_permutation"].to_numpy()[1:]
    order = np.argsort(pairs, kind="stable")
    stepped = np.minimum.accumulate((pairs[order] * 6 / np.arange(1, 7))[::-1])[::-1]
    np.testing.assert_allclose(permuted["fdr"].to_numpy()[1:][order], stepped, rtol=1e-12)
    assert np.isnan(permuted.loc[0, "fdr"])
    assert permuted["p_permutation"].between(permuted["p_ci_low"], permuted["p_ci_high"]).all()
    assert set(permuted["n_permutations"]) == {2_000}


def test_too_few_events_give_no_p() -> None:
    patients = [f"P{i}" for i in range(60)]
    labels = pd.Series(["S1"] * 20 + ["S2"] * 20 + ["S3"] * 20, index=patients)
    event = np.zeros(60, dtype=int)
    event[:8] = event[20:28] = 1
    survival = pd.DataFrame({"time": np.arange(60) % 20 + 1.0, "event": event}, index=patients)
    table = logrank_table(labels, survival, "os", n_permutations=50).set_index("comparison")
    assert table["events"].tolist() == [16, 16, 8, 8]
    assert table.loc["S1 vs S3", "note"] == f"no p-value: 8 events, fewer than {MINIMUM_EVENTS}"
    numbers = ["p_asymptotic", "p_permutation", "p_ci_low", "p_ci_high", "fdr"]
    assert table.loc[["S1 vs S3", "S2 vs S3"], numbers].isna().all(axis=None)
    assert table["chi2"].notna().all()
    assert table.loc["overall", "note"] == "no asymptotic p-value: no events in S3"
    assert np.isnan(table.loc["overall", "p_asymptotic"])
    assert 0 < table.loc["overall", "p_permutation"] < 1
    # A family of one: corrected for nothing.
    assert table.loc["S1 vs S2", "fdr"] == table.loc["S1 vs S2", "p_permutation"]
    assert table.loc["S1 vs S2", "note"] == ""


@pytest.mark.parametrize(("events", "given_p"), [(9, False), (10, True)])
def test_the_limit_is_ten_events(events: int, given_p: bool) -> None:
    event = (np.arange(30) < events).astype(int)
    survival = pd.DataFrame({"time": np.arange(1.0, 31), "event": event})
    labels = pd.Series(["S1", "S2"] * 15)
    table = logrank_table(labels, survival, "os", n_permutations=0)
    assert table["p_asymptotic"].notna().tolist() == [given_p, given_p]
    assert table["p_permutation"].isna().all()


def test_one_subtype_only() -> None:
    survival = pd.DataFrame({"time": np.arange(1.0, 31), "event": 1})
    table = logrank_table(pd.Series("S1", index=range(30)), survival, "os")
    assert table["comparison"].tolist() == ["overall"]
    assert table.loc[0, "note"] == "only one subtype: no comparison"
    assert table[["chi2", "p_asymptotic", "fdr"]].isna().all(axis=None)


def test_identical_times_and_no_events() -> None:
    labels = pd.Series(["S1", "S2"] * 10)
    together = pd.DataFrame({"time": 5.0, "event": 1}, index=range(20))
    table = logrank_table(labels, together, "os")
    assert (table["note"] == "no p-value: no event with two subtypes at risk").all()
    assert table[["chi2", "p_asymptotic", "fdr"]].isna().all(axis=None)
    censored = logrank_table(labels, together.assign(event=0), "os")
    assert (censored["note"] == "no p-value: 0 events, fewer than 10").all()


def test_ten_subtypes_are_in_natural_order() -> None:
    labels = pd.Series([f"S{i % 10 + 1}" for i in range(60)])
    survival = pd.DataFrame({"time": np.arange(60.0), "event": 1})
    comparisons = logrank_table(labels, survival, "os", n_permutations=5)["comparison"].tolist()
    assert len(comparisons) == 46
    assert comparisons[1:3] == ["S1 vs S2", "S1 vs S3"]
    assert comparisons[9] == "S1 vs S10"


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(40)))
def test_the_order_of_patients_does_not_matter(order: list[int]) -> None:
    rng = np.random.default_rng(4)
    labels = pd.Series(rng.choice(["S1", "S2", "S3"], 40))
    survival = pd.DataFrame(
        {"time": rng.integers(1, 15, 40) * 1.0, "event": rng.integers(0, 2, 40)}
    )
    plain = logrank_table(labels, survival, "os", n_permutations=40)
    shuffled = logrank_table(
        labels.iloc[order], survival.iloc[order[::-1]], "os", n_permutations=40
    )
    pd.testing.assert_frame_equal(shuffled, plain, rtol=1e-12)


def test_refusals_name_the_fault() -> None:
    labels = pd.Series(["S1", "S2"] * 10, index=[f"P{i}" for i in range(20)])
    survival = pd.DataFrame({"time": np.arange(1.0, 21), "event": 1}, index=labels.index)
    with pytest.raises(CohortError, match=r"none of the 20 patients .*'P0' and 'Q0'.*identifiers"):
        logrank_table(labels, survival.set_axis([f"Q{i}" for i in range(20)]), "os")
    with pytest.raises(CohortError, match=r"lacks the column 'event'; it has \['time'\]"):
        logrank_table(labels, survival[["time"]], "os")
    with pytest.raises(CohortError, match="more than once in the survival table: P3"):
        logrank_table(labels, survival.rename(index={"P4": "P3"}), "os")
    with pytest.raises(CohortError, match="more than once in the subtype labels: P3"):
        logrank_table(labels.rename(index={"P4": "P3"}), survival, "os")
    with pytest.raises(CohortError, match="survival times are missing"):
        logrank_table(labels, survival.replace({"time": {3.0: np.nan}}), "os")
    with pytest.raises(StudyError, match="n_permutations is -1"):
        logrank_table(labels, survival, "os", n_permutations=-1)
