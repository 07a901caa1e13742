from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import enrich, enrich_ranking
from omicsfuse.biology.gene_ranking import in_order, moderated_t
from omicsfuse.biology.gene_sets import read_gene_sets
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.stats.multiple_testing import benjamini_hochberg

GENES = [f"G{i:03d}" for i in range(120)]


@pytest.fixture(scope="module")
def ranking() -> pd.Series:
    rng = np.random.default_rng(0)
    return pd.Series(rng.standard_normal(120), GENES)


@pytest.fixture(scope="module")
def sets(ranking: pd.Series) -> dict[str, list[str]]:
    rng = np.random.default_rng(1)
    ordered = list(ranking.sort_values(ascending=False).index)
    random = {f"random {i}": list(rng.choice(GENES, 12, replace=False)) for i in range(6)}
    return {"top": ordered[:10], "bottom": [*ordered[-14:], "unknown"]} | random


def test_scores_and_p_of_every_set_worked_out() -> None:
    # Seven genes, sets of two: all 21 sets can be scored by hand, and p is a share of them.
    values = pd.Series([3.1, 2.3, 1.7, 0.6, -0.4, -2.2, -4.6], list("abcdefg"))

    def score(pair: tuple[str, ...]) -> float:
        total = sum(abs(values[g]) for g in pair)
        running, furthest = 0.0, 0.0
        for gene in "abcdefg":
            running += abs(values[gene]) / total if gene in pair else -1 / 5
            furthest = running if abs(running) > abs(furthest) + 1e-12 else furthest
        return furthest

    every = np.array([score(pair) for pair in combinations("abcdefg", 2)])
    sets = {"ab": ["a", "b"], "fg": ["f", "g"], "ac": ["a", "c"]}
    table = enrich_ranking(values, sets, min_size=2, n_permutations=20_000).set_index("gene_set")
    named = values.rename({"a": "a;A"})
    again = enrich_ranking(named, {"ab": ["a;A", "b"]}, min_size=2, n_permutations=9)
    assert again["leading_genes"].tolist() == [("a;A", "b")]
    for name, genes in sets.items():
        own = score(tuple(genes))
        side = np.abs(every[np.sign(every) == np.sign(own)])
        np.testing.assert_allclose(table.loc[name, "nes"], own / side.mean(), rtol=0.02)
        share = np.mean(side >= abs(own) - 1e-9)
        assert abs(table.loc[name, "p"] - share) < 4 * np.sqrt(share * (1 - share) / 8000) + 1e-3
    assert table.loc["ab", "leading_edge"] == "a;b"
    assert table.loc["fg", "leading_edge"] == "g;f"


def test_against_gseapy(ranking: pd.Series, sets: dict[str, list[str]]) -> None:
    import gseapy

    table = enrich_ranking(ranking, sets, n_permutations=4000).set_index("gene_set")
    theirs = gseapy.prerank(
        ranking.sort_values(ascending=False),
        sets,
        outdir=None,
        min_size=10,
        permutation_num=4000,
        ascending=None,
        threads=1,
        seed=3,
    ).res2d.set_index("Term")
    nes, p = (theirs.loc[table.index, c].astype(float) for c in ("NES", "NOM p-val"))
    # Two samples of about 2,000 random sets on each side.
    np.testing.assert_allclose(table["nes"], nes, rtol=0.06)
    assert (np.abs(table["p"] - p) < 0.05).all()
    for name in table.index:
        own = table.loc[name, "leading_edge"].split(";")
        assert set(own) == set(theirs.loc[name, "Lead_genes"].split(";"))


def test_the_table(ranking: pd.Series, sets: dict[str, list[str]]) -> None:
    table = enrich_ranking(ranking, sets, n_permutations=300)
    assert table.columns.tolist() == [
        *("gene_set", "nes", "p", "fdr", "size", "leading_edge", "note"),
        *("group", "representative", "at_floor", "leading_genes"),
    ]
    assert set(table["gene_set"].head(2)) == {"top", "bottom"}
    sizes = table.set_index("gene_set")["size"]
    assert (sizes["top"], sizes["bottom"]) == (10, 14)
    assert table["p"].is_monotonic_increasing
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"].to_numpy()))


def test_neither_order_nor_scale_nor_the_other_sets_matter(
    ranking: pd.Series, sets: dict[str, list[str]]
) -> None:
    first = enrich_ranking(ranking, sets, n_permutations=200)
    turned = {name: sets[name][::-1] for name in reversed(sets)}
    again = enrich_ranking(ranking[::-1], turned, n_permutations=200)
    pd.testing.assert_frame_equal(first, again)
    for factor in (1e-9, 4096.0, 1e12):
        scaled = enrich_ranking(factor * ranking, sets, n_permutations=200)
        pd.testing.assert_frame_equal(first, scaled)
    alone = enrich_ranking(ranking, {"top": sets["top"]}, n_permutations=200)
    columns = ["gene_set", "nes", "p", "leading_edge"]
    own = first.loc[first["gene_set"] == "top", columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[columns], own)
    other = enrich_ranking(ranking, sets, n_permutations=200, random_state=1)
    assert not np.allclose(first["nes"], other.set_index("gene_set").loc[first["gene_set"], "nes"])


def test_one_signed_rankings_stay_finite_and_warn(
    ranking: pd.Series, sets: dict[str, list[str]]
) -> None:
    with pytest.warns(OmicsfuseWarning, match="nearly all statistics of wald are positive"):
        table = enrich_ranking(ranking.abs() + 0.1, sets, name="wald", n_permutations=300)
    known = table["nes"].notna()
    assert known.any()
    assert np.isfinite(table.loc[known, "nes"]).all()
    assert (table["p"].notna() == known).all()
    assert (
        table.loc[~known, "note"].str.contains("no random set has a score of the same sign").all()
    )
    with pytest.warns(OmicsfuseWarning, match="are negative"):
        enrich_ranking(-ranking.abs() - 0.1, sets, n_permutations=20)


def test_ties_are_ordered_by_name_and_many_warn(sets: dict[str, list[str]]) -> None:
    tied = pd.Series(np.repeat([2.0, 0.0, -1.0], 40), GENES)
    with pytest.warns(OmicsfuseWarning, match="100% of the genes of ranking share"):
        first = enrich_ranking(tied, sets, n_permutations=50)
    with pytest.warns(OmicsfuseWarning, match="share their statistic"):
        again = enrich_ranking(tied.sample(frac=1, random_state=0), sets, n_permutations=50)
    pd.testing.assert_frame_equal(first, again)
    assert np.isfinite(first["nes"]).all()
    ordered = in_order(tied)
    assert (np.diff(ordered) < 0).all()
    assert ordered.index.tolist() == GENES


def test_rankings_that_cannot_be_used(ranking: pd.Series, sets: dict[str, list[str]]) -> None:
    with pytest.raises(StudyError, match="ranking is of type dict"):
        enrich_ranking(dict(ranking), sets)
    with pytest.raises(StudyError, match="ranking has gene G003 more than once"):
        enrich_ranking(pd.concat([ranking, ranking.iloc[3:4]]), sets)
    with pytest.raises(StudyError, match=r"infinite for 1 genes, e\.g\. G000"):
        enrich_ranking(ranking.where(ranking.index != "G000", np.inf), sets)
    with pytest.raises(
        StudyError,
        match=r"type (object|str|string); expected one number per "
        r"gene",
    ):
        enrich_ranking(ranking.astype(str), sets)
    with pytest.raises(StudyError, match="120 genes with a statistic and 1 different values"):
        enrich_ranking(ranking * 0, sets)
    with pytest.raises(StudyError, match="enrich_ranking: min_size is 20 and max_size 10"):
        enrich_ranking(ranking, sets, min_size=20, max_size=10)
    with pytest.warns(OmicsfuseWarning, match=r"2 genes of t have no statistic, e\.g\. G000"):
        table = enrich_ranking(
            ranking.where(~ranking.index.isin(["G000", "G001"])), sets, name="t", n_permutations=20
        )
    assert len(table) == len(sets)


def test_names_in_other_letters_are_pointed_out(ranking: pd.Series) -> None:
    sets = {"mouse": [gene.lower() for gene in GENES[:20]]}
    with pytest.warns(
        OmicsfuseWarning,
        match=r"none of 1 gene sets.*Ignoring case, 20 genes match",
    ):
        table = enrich_ranking(ranking, sets)
    assert table.empty
    assert "subtype" not in table


def test_files_of_one_name_do_not_replace_each_other(tmp_path: object) -> None:
    found = read_gene_sets([{"A": ["x"]}, {"A": ["y"]}, {"A": ["z"], "source 2: A": ["w"]}])
    assert found == {
        "A": ["x"],
        "source 2: A": ["y"],
        "source 3: A": ["z"],
        "source 3: source 2: A": ["w"],
    }


def test_markup_in_names_stays_text(ranking: pd.Series) -> None:
    sets = {"<b>bold</b> & co; $x$": GENES[:15], "": GENES[20:40]}
    table = enrich_ranking(ranking, sets, n_permutations=50)
    assert set(table["gene_set"]) == set(sets)


def test_moderated_t_is_what_enrich_ranks_by() -> None:
    rng = np.random.default_rng(2)
    patients = [f"P{i:02d}" for i in range(14)]
    values = pd.DataFrame(rng.standard_normal((14, 120)), patients, GENES)
    values.iloc[:6, :15] += 1
    values.iloc[2, 4] = np.nan
    labels = pd.Series(["S1"] * 6 + ["S2"] * 8, patients)
    layer = PreparedLayer("expression", values, values, "log2", None)
    sets = {"planted": GENES[:15], "other": GENES[50:70]}
    table = enrich(
        Subtypes(labels, {}, {}), Prepared("toy", {"rna": layer}), sets, n_permutations=100
    )
    t = moderated_t(values.to_numpy(), (labels == "S1").to_numpy())
    own = enrich_ranking(pd.Series(t, GENES), sets, n_permutations=100)
    first = table[table["subtype"] == "S1"].reset_index(drop=True)
    columns = ["gene_set", "nes", "p", "leading_edge"]
    pd.testing.assert_frame_equal(first[columns], own[columns])
    # Without a shared variance it would be Student's t: shrinkage narrows the range.
    assert np.isfinite(t).all()


def test_genes_without_variance_or_patients_are_not_ranked() -> None:
    values = np.random.default_rng(0).standard_normal((8, 5))
    values[:, 1] = 3.0
    values[:2, 2] = np.nan
    inside = np.arange(8) < 4
    t = moderated_t(values, inside)
    assert np.isnan(t).tolist() == [False, True, True, False, False]
    # Constant within both groups, at different levels: there is a t, thanks to the other genes.
    values[:, 3] = inside
    assert np.isfinite(moderated_t(values, inside)[3])
    assert np.isnan(moderated_t(values[:2], inside[:2])).all()
