"""Reference values: tests/reference/clinical.R, R 4.2.2."""

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.biology import alterations, burden
from omicsfuse.biology.alterations import MINIMUM_ALTERED
from omicsfuse.biology.altered import altered
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import CohortError
from omicsfuse.core.results import Subtypes
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.shares import fisher_groups

SHARES = ["share", "share_S1", "share_S2"]


def groups(*sizes: int) -> Subtypes:
    names = np.repeat([f"S{i + 1}" for i in range(len(sizes))], sizes)
    return Subtypes(pd.Series(names, [f"P{i:04d}" for i in range(len(names))]), {}, {})


def mutations(subtypes: Subtypes, **genes: list[float]) -> Cohort:
    table = pd.DataFrame(genes, subtypes.labels.index)
    return Cohort("toy", {"mutation": Layer("mutation", table)})


def from_counts(subtypes: Subtypes, *have: int) -> list[float]:
    """As many altered patients in each subtype."""
    sizes = subtypes.labels.value_counts().sort_index()
    return [float(i < k) for n, k in zip(sizes, have, strict=True) for i in range(n)]


@pytest.mark.parametrize(
    ("have", "sizes", "p"),
    [
        ((6, 1), (7, 7), 0.0291375291375292),
        ((5, 1, 0), (8, 9, 7), 0.0101934678593717),
        ((3, 9, 2), (31, 20, 12), 0.0131946986930662),
        ((7, 0, 1, 4), (12, 13, 9, 10), 0.00253762621068559),
        ((28, 3, 9), (30, 12, 10), 1.57627694029042e-05),
    ],
)
def test_fisher_against_r(have: tuple[int, ...], sizes: tuple[int, ...], p: float) -> None:
    assert fisher_groups(have, sizes) == pytest.approx(p, rel=1e-9)
    subtypes = groups(*sizes)
    row = alterations(subtypes, mutations(subtypes, G=from_counts(subtypes, *have))).iloc[0]
    assert row["test"] == "Fisher exact"
    assert row["p"] == row["fdr"] == pytest.approx(p, rel=1e-9)
    assert row["n_altered"] == sum(have)


def test_chi_square_against_r() -> None:
    subtypes = groups(80, 51, 40)
    row = alterations(subtypes, mutations(subtypes, G=from_counts(subtypes, 20, 31, 15))).iloc[0]
    assert row["test"] == "chi-square"
    assert row["p"] == pytest.approx(0.000218820586559676, rel=1e-9)
    assert row["effect"] == pytest.approx(0.313949718538348, rel=1e-9)
    assert row[["share_S1", "share_S2", "share_S3"]].tolist() == [20 / 80, 31 / 51, 15 / 40]


def test_large_tables_are_random_where_it_matters_and_asymptotic_where_not() -> None:
    subtypes = groups(60, 50, 40, 30, 20, 15, 10, 9)
    little = from_counts(subtypes, 20, 16, 13, 10, 6, 5, 3, 3)
    some = from_counts(subtypes, 10, 20, 15, 10, 6, 3, 1, 5)
    table = alterations(subtypes, mutations(subtypes, LITTLE=little, SOME=some))
    tests = table.set_index("gene")["test"].to_dict()
    assert tests == {"LITTLE": "chi-square, approximate", "SOME": "chi-square, Monte Carlo"}
    approximate = table.set_index("gene").loc["SOME", "p"]
    again = alterations(subtypes, mutations(subtypes, SOME=some), random_state=1)["p"].iloc[0]
    assert approximate != again
    assert approximate == pytest.approx(again, abs=5 * np.sqrt(again / 9999))


def test_genes_of_nobody_and_of_everyone() -> None:
    subtypes = groups(10, 10)
    cohort = mutations(
        subtypes,
        NOBODY=[0.0] * 20,
        EVERYONE=[1.0] * 20,
        FEW=[1.0] * (MINIMUM_ALTERED - 1) + [0.0] * (21 - MINIMUM_ALTERED),
        ENOUGH=[1.0] * MINIMUM_ALTERED + [0.0] * (20 - MINIMUM_ALTERED),
    )
    table = alterations(subtypes, cohort).set_index("gene")
    assert "NOBODY" not in table.index
    assert table["note"].to_dict() == {
        "ENOUGH": "",
        "EVERYONE": "unaltered in fewer than 5 patients",
        "FEW": "altered in fewer than 5 patients",
    }
    assert table["p"].notna().tolist() == [True, False, False]
    assert table.loc["EVERYONE", SHARES].tolist() == [1, 1, 1]


def test_missing_calls_count_for_nobody() -> None:
    subtypes = groups(10, 10)
    half = [1.0] * 5 + [0.0] * 5 + [np.nan] * 10
    table = alterations(subtypes, mutations(subtypes, HALF=half, NONE=[np.nan] * 20))
    row = table.set_index("gene").loc["HALF"]
    assert row[["n", "n_altered", "share_S1"]].tolist() == [10, 5, 0.5]
    assert np.isnan(row["share_S2"])
    assert row["note"] == "all patients measured are in one subtype"
    assert "NONE" not in set(table["gene"])


def test_copy_number_by_levels_and_by_ratios() -> None:
    patients = [f"P{i}" for i in range(6)]
    levels = pd.DataFrame({"G": [2, 1, 0, -1, -2, np.nan]}, patients)
    found = altered(Layer("copy_number", levels, "gistic"))
    calls = {name: table["G"].tolist()[:5] for name, table in found.items()}
    assert calls == {
        "amplified": [1, 0, 0, 0, 0],
        "deleted": [0, 0, 0, 0, 1],
        "gained": [1, 1, 0, 0, 0],
        "lost": [0, 0, 0, 1, 1],
    }
    assert all(np.isnan(table["G"].iloc[5]) for table in found.values())
    ratios = pd.DataFrame({"G": [1.3, 0.25, 0.1, -0.3, -1.5, 0.0]}, patients)
    calls = altered(Layer("copy_number", ratios, "log2"))
    assert calls["gained"]["G"].tolist() == [1, 1, 0, 0, 0, 0]
    assert calls["deleted"]["G"].tolist() == [0, 0, 0, 0, 1, 0]
    assert altered(Layer("expression", ratios, "log2")) == {}


def test_no_layer_one_subtype_and_patients_without_labels() -> None:
    subtypes = groups(6, 6)
    empty = alterations(subtypes, Cohort("toy", {}))
    assert empty.empty
    columns = ["layer", "gene", "alteration", "n", "n_altered", *SHARES]
    assert list(empty.columns) == [*columns, "test", "effect", "p", "fdr", "note"]
    assert list(burden(subtypes, Cohort("toy", {})).columns) == []
    one = groups(12)
    table = alterations(one, mutations(one, G=[1.0] * 6 + [0.0] * 6))
    assert table["note"].tolist() == ["all patients measured are in one subtype"]
    cohort = mutations(one, G=[1.0] * 6 + [0.0] * 6)
    part = Subtypes(subtypes.labels.iloc[:8], {}, {})
    assert alterations(part, cohort)["n"].tolist() == [8]
    assert len(burden(part, cohort)) == 8


def test_the_family_is_a_layer_and_an_alteration_and_its_nulls_are_kept() -> None:
    rng = np.random.default_rng(5)
    subtypes = groups(50, 40, 30)
    shares = []
    for _ in range(6):
        calls = (rng.random((120, 250)) < rng.uniform(0.03, 0.4, 250)).astype(float)
        levels = rng.choice([-2.0, -1, 0, 1, 2], (120, 50), p=[0.08, 0.2, 0.44, 0.2, 0.08])
        names = subtypes.labels.index
        cohort = Cohort(
            "null",
            {
                "mutation": Layer("mutation", pd.DataFrame(calls, names).rename(columns=str)),
                "cn": Layer("copy_number", pd.DataFrame(levels, names).rename(columns=str)),
            },
        )
        table = alterations(subtypes, cohort).dropna(subset=["p"])
        for _, family in table.groupby(["layer", "alteration"]):
            np.testing.assert_allclose(family["fdr"], benjamini_hochberg(family["p"]))
        shares.append([np.mean(table["p"] <= level) for level in (0.01, 0.05, 0.2)])
    # About 2,500 tests: four standard errors.
    for share, level in zip(np.mean(shares, axis=0), (0.01, 0.05, 0.2), strict=True):
        assert share <= level + 4 * np.sqrt(level / 2500)


def test_planted_genes_are_found_and_false_ones_rare() -> None:
    rng = np.random.default_rng(2)
    subtypes = groups(60, 50, 40)
    rate = np.full((150, 200), 0.12)
    rate[:60, :20] = 0.6
    calls = pd.DataFrame((rng.random(rate.shape) < rate).astype(float), subtypes.labels.index)
    cohort = Cohort("x", {"m": Layer("mutation", calls.rename(columns="G{:03d}".format))})
    table = alterations(subtypes, cohort)
    found = set(table.loc[table["fdr"] <= 0.05, "gene"])
    planted = {f"G{i:03d}" for i in range(20)}
    assert len(found & planted) >= 19
    assert len(found - planted) <= 4


def test_order_of_patients_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    subtypes = groups(12, 10, 8)
    calls = pd.DataFrame(
        rng.integers(0, 2, (30, 6)).astype(float), subtypes.labels.index, list("ABCDEF")
    )
    turned = rng.permutation(30)
    first = alterations(subtypes, Cohort("x", {"m": Layer("mutation", calls)}))
    other = Subtypes(subtypes.labels.iloc[turned], {}, {})
    cohort = Cohort("x", {"m": Layer("mutation", calls.iloc[turned[::-1]])})
    pd.testing.assert_frame_equal(first, alterations(other, cohort), check_exact=True)


def test_twenty_thousand_genes_take_seconds() -> None:
    import time

    rng = np.random.default_rng(0)
    subtypes = groups(150, 120, 80, 50)
    rate = rng.beta(0.5, 20, 20_000)
    calls = pd.DataFrame((rng.random((400, 20_000)) < rate).astype(float), subtypes.labels.index)
    cohort = Cohort("x", {"m": Layer("mutation", calls.rename(columns=str))})
    start = time.perf_counter()
    alterations(subtypes, cohort)
    assert time.perf_counter() - start < 20


def test_burden_counts_what_was_measured() -> None:
    patients = ["P0000", "P0001", "P0002"]
    calls = pd.DataFrame({"A": [1, 0, np.nan], "B": [1, np.nan, np.nan]}, patients)
    levels = pd.DataFrame({"A": [2, 0], "B": [-1, 0], "C": [0, np.nan]}, patients[:2])
    layers = {
        "wes": Layer("mutation", calls, megabases=40.0),
        "cn": Layer("copy_number", levels),
        "log": Layer("copy_number", levels / 10, "log2"),
    }
    table = burden(groups(2, 1), Cohort("toy", layers))
    assert list(table.columns) == [
        "wes_mutated_genes_per_megabase", "wes_mutated_genes", "wes_measured_genes",
        "cn_fraction_altered", "cn_measured_genes", "log_fraction_altered", "log_measured_genes",
    ]  # fmt: skip
    assert table.loc["P0000"].tolist()[:4] == [0.05, 2, 2, pytest.approx(2 / 3)]
    assert table.loc["P0000", "log_fraction_altered"] == pytest.approx(1 / 3)
    assert table.loc["P0001", "cn_fraction_altered"] == 0
    assert table.loc["P0002"].isna().tolist() == [True, True, False, True, True, True, True]


@pytest.mark.parametrize(("kind", "value"), [("mutation", 0.0), ("mutation", -3), ("protein", 30)])
def test_megabases_are_of_mutations_and_positive(kind: str, value: float) -> None:
    table = pd.DataFrame({"A": [1.0, 0.0]}, ["P1", "P2"])
    with pytest.raises(CohortError, match=f'megabases = {value:g}; expected .* kind "{kind}"'):
        Cohort("x", {"m": Layer(kind, table, megabases=value)})


def test_what_is_given_is_checked() -> None:
    with pytest.raises(of.StudyError, match="cohort"):
        alterations(groups(3, 3), "cohort.toml")
    with pytest.raises(of.StudyError, match="subtypes"):
        burden(pd.Series(), Cohort("x", {}))
