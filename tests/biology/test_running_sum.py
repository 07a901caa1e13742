import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.biology import enrich, running_sums
from omicsfuse.biology.running_sum import COLUMNS, curve, peak, running_sum
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.stats.running_sum import enrichment_scores


@pytest.fixture(scope="module")
def case() -> tuple[Subtypes, Prepared, dict[str, list[str]]]:
    rng = np.random.default_rng(0)
    patients = [f"P{i}" for i in range(18)]
    values = pd.DataFrame(rng.standard_normal((18, 90)), patients, [f"G{i}" for i in range(90)])
    values.iloc[:6, :12] += 2
    values.iloc[6:12, 20:32] -= 2
    labels = pd.Series(["S1"] * 6 + ["S2"] * 6 + ["S3"] * 6, patients)
    genes = list(values.columns)
    sets = {"up": genes[:12], "down": genes[20:32], "also up": genes[:13], "no": genes[50:70]}
    layer = PreparedLayer("expression", values, values, "log2", None)
    return Subtypes(labels, {}, {}), Prepared("toy", {"rna": layer}), sets


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 29), min_size=1, max_size=20), st.integers(0, 5))
def test_its_peak_is_the_enrichment_score(places: set[int], seed: int) -> None:
    values = np.sort(np.random.default_rng(seed).standard_normal(30))[::-1]
    ranking = pd.Series(values, [f"G{i}" for i in range(30)])
    sums = running_sum(ranking, [f"G{i}" for i in sorted(places, reverse=True)])
    expected = enrichment_scores(values, np.array(sorted(places)), np.array([0]))[0]
    np.testing.assert_allclose(peak(sums)[1], expected, atol=1e-12)
    x, y = curve(sums)
    assert (np.diff(x) >= 0).all()
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 30, 0)
    assert sums["running_sum"].to_numpy()[-1] == pytest.approx(
        1 - (x[-2] - len(places)) / (30 - len(places))
    )


def test_sums_belong_to_the_enrichment(
    case: tuple[Subtypes, Prepared, dict[str, list[str]]],
) -> None:
    subtypes, ready, sets = case
    table = enrich(subtypes, ready, sets, n_permutations=200)
    sums = running_sums(subtypes, ready, table, sets, per_subtype=2)
    assert list(sums.columns) == list(COLUMNS)
    for (subtype, gene_set), rows in sums.groupby(["subtype", "gene_set"]):
        row = table[(table["subtype"] == subtype) & (table["gene_set"] == gene_set)].iloc[0]
        assert row["representative"]
        assert len(rows) == row["size"]
        place, height = peak(rows)
        assert np.sign(height) == np.sign(row["nes"])
        up_to = rows["place"] <= place if height > 0 else rows["place"] > place
        assert set(rows.loc[up_to, "gene"]) == set(row["leading_edge"].split(";"))
        assert rows["statistic"].is_monotonic_decreasing
        assert rows["statistic"].abs().max() > 1.2  # t itself, not scaled to 1
    # Sets like one another are drawn once.
    first = set(sums.loc[sums["subtype"] == "S1", "gene_set"])
    assert len(first & {"up", "also up"}) == 1


def test_nothing_to_show_and_what_does_not_fit(
    case: tuple[Subtypes, Prepared, dict[str, list[str]]],
) -> None:
    subtypes, ready, sets = case
    table = enrich(subtypes, ready, sets, n_permutations=20)
    empty = running_sums(subtypes, ready, table.iloc[:0], sets)
    assert list(empty.columns) == list(COLUMNS)
    assert empty.empty
    with pytest.raises(StudyError, match=r"the enrichment names '(also )?up'"):
        running_sums(subtypes, ready, table, {"down": sets["down"], "no": sets["no"]})
    with pytest.raises(StudyError, match="per_subtype is 0"):
        running_sums(subtypes, ready, table, sets, per_subtype=0)
