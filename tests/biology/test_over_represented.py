from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from omicsfuse.biology import over_representation
from omicsfuse.biology.over_represented import COLUMNS, FACTS, odds_ratio
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.stats.multiple_testing import benjamini_hochberg

GENES = [f"G{i:03d}" for i in range(100)]
REFERENCE = Path(__file__).parents[1] / "reference" / "over_representation.csv"


def ready(genes: list[str] | None = None) -> Prepared:
    values = pd.DataFrame(0.0, ["P1", "P2"], genes or GENES)
    return Prepared("toy", {"rna": PreparedLayer("expression", values, values, "log2", None)})


def markers(raised: list[str], lowered: list[str], subtype: str = "S1") -> pd.DataFrame:
    effect = [-1.0 if gene in lowered else 1.0 for gene in GENES]
    fdr = [0.01 if gene in {*raised, *lowered} else 0.5 for gene in GENES]
    return pd.DataFrame(
        {"layer": "rna", "feature": GENES, "subtype": subtype, "effect": effect, "fdr": fdr}
    )


def test_against_fisher_test_of_r() -> None:
    reference = pd.read_csv(REFERENCE)
    for row in reference.itertuples():
        k, size, marked, background = (
            int(x) for x in (row.overlap, row.size, row.marked, row.background)
        )
        p = stats.hypergeom.sf(k - 1, background, size, marked)
        np.testing.assert_allclose(p, row.p, rtol=1e-7)
        ours = odds_ratio(k, size, marked, background)
        for mine, theirs in zip(ours, (row.odds_ratio, row.low, row.high), strict=True):
            # R solves for x up to 1 and for 1/x above it, to 1.2e-4.
            if np.isinf(theirs):
                assert np.isinf(mine)
            else:
                turned = (1 / mine, 1 / theirs) if theirs > 1 else (mine, theirs)
                assert abs(turned[0] - turned[1]) < 1.3e-4, (row, ours)


def test_against_fisher_exact_of_scipy() -> None:
    chosen = GENES[:12]
    table = over_representation(
        markers(chosen, []), ready(), {"set": GENES[5:25], "none": GENES[60:70]}
    )
    row = table[table["gene_set"] == "set"].iloc[0]
    assert tuple(row[["overlap", "size", "n_marked", "background"]]) == (7, 20, 12, 100)
    expected = stats.fisher_exact([[7, 13], [5, 75]], alternative="greater")[1]
    np.testing.assert_allclose(row["p"], expected, rtol=1e-10)
    ratio = stats.contingency.odds_ratio(np.array([[7, 13], [5, 75]]))
    np.testing.assert_allclose(row["odds_ratio"], ratio.statistic, rtol=1e-6)
    interval = ratio.confidence_interval(0.95)
    np.testing.assert_allclose(row["odds_ratio_ci_low"], interval.low, rtol=1e-6)
    np.testing.assert_allclose(row["odds_ratio_ci_high"], interval.high, rtol=1e-6)
    assert row["genes"] == ";".join(GENES[5:12])


def test_one_family_over_subtypes_directions_and_sets() -> None:
    both = pd.concat([markers(GENES[:10], GENES[20:30]), markers(GENES[40:50], [], "S2")])
    sets = {"up": GENES[:15], "down": GENES[18:33], "other": GENES[60:80]}
    table = over_representation(both, ready(), sets)
    assert list(table.columns) == [*COLUMNS, *FACTS]
    assert len(table) == 2 * 2 * 3
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"].to_numpy()))
    found = table[table["fdr"] <= 0.05]
    assert found[["subtype", "direction", "gene_set"]].to_numpy().tolist() == [
        ["S1", "raised", "up"],
        ["S1", "lowered", "down"],
    ]
    # Without markers there is no test, and the row says why.
    lost = table[(table["subtype"] == "S2") & (table["direction"] == "lowered")]
    assert lost["p"].isna().all()
    assert set(lost["note"]) == {"no markers"}


def test_the_background_is_what_was_measured() -> None:
    sets = {"set": [*GENES[:10], "elsewhere", "unmeasured"]}
    narrow = over_representation(markers(GENES[:5], []), ready(GENES[:50]), sets).iloc[0]
    wide = over_representation(markers(GENES[:5], []), ready(), sets).iloc[0]
    assert (narrow["background"], wide["background"]) == (50, 100)
    assert narrow["size"] == wide["size"] == 10
    assert narrow["p"] > wide["p"]


def test_few_markers_are_noted() -> None:
    table = over_representation(markers(GENES[:3], []), ready(), {"set": GENES[:10]})
    assert table.loc[0, "note"] == "only 3 markers"
    assert table.loc[0, "p"] < 0.01


def test_order_of_everything_does_not_matter() -> None:
    sets = {"b": GENES[:15], "a": GENES[10:30]}
    given_table = markers(GENES[:12], GENES[20:30])
    first = over_representation(given_table, ready(), sets)
    turned = {name: sets[name][::-1] for name in reversed(sets)}
    second = over_representation(given_table.iloc[::-1], ready(GENES[::-1]), turned)
    pd.testing.assert_frame_equal(first, second)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_odds_ratio_lies_within_its_interval(data: st.DataObject) -> None:
    background = data.draw(st.integers(4, 300))
    size = data.draw(st.integers(1, background - 1))
    marked = data.draw(st.integers(1, background - 1))
    least, most = max(0, size + marked - background), min(size, marked)
    k = data.draw(st.integers(least, most))
    if least == most:
        assert np.isnan(odds_ratio(k, size, marked, background)).all()
        return
    estimate, low, high = odds_ratio(k, size, marked, background)
    assert 0 <= low <= estimate <= high
    # Sets and markers may change places.
    assert odds_ratio(k, marked, size, background) == pytest.approx((estimate, low, high))


def test_random_markers_give_no_discoveries() -> None:
    rng = np.random.default_rng(0)
    sets = {f"set {i}": list(rng.choice(GENES, 15, replace=False)) for i in range(20)}
    found = 0
    for _ in range(60):
        chosen = list(rng.choice(GENES, 20, replace=False))
        table = over_representation(markers(chosen[:10], chosen[10:]), ready(), sets)
        found += bool((table["fdr"] <= 0.05).any())
    assert found <= stats.binom.ppf(0.999, 60, 0.05)


def test_what_cannot_be_done_is_said() -> None:
    table = markers(GENES[:10], [])
    with pytest.raises(
        StudyError, match=r"lacks effect; give the table from of\.differential_features"
    ):
        over_representation(table.drop(columns="effect"), ready(), {"a": GENES[:9]})
    with pytest.raises(StudyError, match="fdr is 0; it must lie between 0 and 1"):
        over_representation(table, ready(), {"a": GENES[:9]}, fdr=0)
    with pytest.raises(StudyError, match="min_size is 1"):
        over_representation(table, ready(), {"a": GENES[:9]}, min_size=1)
    with pytest.raises(StudyError, match="no layer 'x'"):
        over_representation(table, ready(), {"a": GENES[:9]}, layer="x")
    with pytest.warns(OmicsfuseWarning, match="has no row for layer rna"):
        assert over_representation(table.assign(layer="x"), ready(), {"a": GENES[:9]}).empty
    with pytest.warns(OmicsfuseWarning, match="Ignoring case, 9"):
        empty = over_representation(table, ready(), {"a": [g.lower() for g in GENES[:9]]})
    assert list(empty.columns) == [*COLUMNS, *FACTS]
