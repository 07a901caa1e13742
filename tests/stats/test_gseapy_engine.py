import logging

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.stats.gseapy_engine import gsva, prerank

# Names that gseapy would treat specially: lower case, digits only, equal but for case.
AWKWARD = ["a", "A", "7157", "nan", "b;c", "TP53", "x", "y"]


def table(n: int = 12) -> pd.DataFrame:
    values = np.random.default_rng(1).standard_normal((n, len(AWKWARD)))
    return pd.DataFrame(values, [f"{i}" for i in range(n)], AWKWARD)


def test_prerank_by_hand() -> None:
    # Weights 3, 2, 1 of the genes in the set (sum 6), 3 others. Walk: a +3/6, A -1/3, 7157 +2/6,
    # nan -1/3, b;c +1/6, TP53 -1/3: sums 1/2, 1/6, 1/2, 1/6, 1/3, 0. The peak is 1/2.
    ranking = pd.Series([3.0, 2.5, 2.0, 1.5, 1.0, 0.5], AWKWARD[:6])
    found = prerank(ranking, {"set": ["7157", "a", "b;c"]})
    assert found.loc["set", "es"] == pytest.approx(0.5)
    assert found.loc["set", "leading_edge"] == ["a"]


def test_sets_that_cannot_be_scored_come_back_without_a_score() -> None:
    ranking = pd.Series(np.arange(8.0)[::-1], AWKWARD)
    found = prerank(ranking, {"all": AWKWARD, "none": [], "one": ["nan"]})
    assert list(found.index) == ["all", "none", "one"]
    assert np.isnan(found.loc[["all", "none"], "es"]).all()
    assert found.loc["one", "leading_edge"] == ["nan"]
    assert prerank(ranking, {"all": AWKWARD})["es"].isna().all()
    assert prerank(ranking, {}).empty
    scores = gsva(table(), {"all": AWKWARD, "one": ["nan"], "none": []})
    assert scores.columns.tolist() == ["all", "one", "none"]
    assert scores.notna().all().tolist() == [False, True, False]


def test_names_do_not_matter(caplog: pytest.LogCaptureFixture) -> None:
    sets = {"first": ["a", "7157", "x"], "second": ["A", "nan", "TP53"]}
    plain = {gene: f"GENE{i}" for i, gene in enumerate(AWKWARD)}
    with caplog.at_level(logging.INFO):
        scores = gsva(table(), sets)
        same = gsva(
            table().rename(columns=plain), {k: [plain[g] for g in v] for k, v in sets.items()}
        )
    assert scores.to_numpy().tobytes() == same.to_numpy().tobytes()
    assert list(scores.index) == list(table().index)
    assert not caplog.records


def test_faults_are_named() -> None:
    ranking = pd.Series([2.0, 1.0], ["A", "B"])
    with pytest.raises(
        StudyError,
        match=r"1 genes of the sets are not among the 2 ranked "
        r"genes, e.g. C",
    ):
        prerank(ranking, {"s": ["A", "C"]})
    with pytest.raises(StudyError, match="gene B has no value"):
        prerank(pd.Series([2.0, np.nan], ["A", "B"]), {"s": ["A"]})
    with pytest.raises(StudyError, match="gene A occurs twice"):
        prerank(pd.Series([2.0, 1.0], ["A", "A"]), {"s": ["A"]})
    spoiled = table()
    spoiled.iloc[2, 1] = np.nan
    with pytest.raises(StudyError, match=r"gsva: 1 genes have missing or infinite values, e.g. A;"):
        gsva(spoiled, {"s": ["a"]})
