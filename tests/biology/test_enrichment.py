import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from omicsfuse.biology import differential_features, enrich
from omicsfuse.biology.enrichment import COLUMNS, EMPTY_ENRICHMENT, enrichment_exclusions
from omicsfuse.biology.random_sets import random_places, random_scores
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.preprocessing import preprocess
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.running_sum import enrichment_scores

SHIFTS = np.array([5.0, 4, 3, 2, 1, -1, -2, -3, -4, -5])


def prepared(values: pd.DataFrame, kind: str = "expression") -> Prepared:
    return Prepared("toy", {"rna": PreparedLayer(kind, values, values, "log2", None)})


def toy() -> tuple[Subtypes, Prepared]:
    """Ten genes whose moderated t in S1 is proportional to SHIFTS; g1 is the highest."""
    base = np.array([-1.0, 0.0, 1.0])[:, None] * np.ones(10)
    values = np.vstack([base + SHIFTS, base])
    table = pd.DataFrame(values, [f"P{i}" for i in range(6)], [f"g{i + 1}" for i in range(10)])
    return Subtypes(pd.Series(["S1"] * 3 + ["S2"] * 3, table.index), {}, {}), prepared(table)


@pytest.fixture(scope="module")
def ready(simulated: SimulatedCohort) -> Prepared:
    return preprocess(simulated.discovery, ["expression"])


@pytest.fixture(scope="module")
def truth(simulated: SimulatedCohort) -> Subtypes:
    patients = simulated.discovery.clinical.index
    return Subtypes("S" + simulated.truth.loc[patients].astype(str), {}, {})


def test_score_worked_by_hand() -> None:
    # Set at places 1, 2 and 5: it gains 5/10, 4/10, 1/10, and falls by 1/7 at every other gene.
    # The peak is after place 2: 9/10. Places 2, 9, 10: weights 4, 4, 5 of 13; the lowest point is
    # just before place 9, with one gene passed and all seven others: 4/13 - 1.
    scores = enrichment_scores(SHIFTS, np.array([0, 1, 4, 1, 8, 9]), np.array([0, 3]))
    np.testing.assert_allclose(scores, [9 / 10, 4 / 13 - 1], rtol=1e-12)


def test_score_agrees_with_gseapy() -> None:
    import gseapy

    rng = np.random.default_rng(0)
    ranking = pd.Series(np.sort(rng.standard_normal(50))[::-1], [f"G{i}" for i in range(50)])
    places = np.stack([np.sort(rng.choice(50, 8, replace=False)) for _ in range(20)])
    sets = {str(i): list(ranking.index[row]) for i, row in enumerate(places)}
    result = gseapy.prerank(
        ranking, sets, outdir=None, min_size=2, permutation_num=10, ascending=None, threads=1
    ).res2d
    theirs = result.set_index("Term")["ES"].astype(float)
    scores = enrichment_scores(ranking.to_numpy(), places.ravel(), np.arange(0, 160, 8))
    ours = pd.Series(scores, [str(i) for i in range(20)])
    np.testing.assert_allclose(ours, theirs.loc[ours.index], rtol=1e-9)


def test_nes_and_p_agree_with_gseapy(
    simulated: SimulatedCohort, truth: Subtypes, ready: Prepared
) -> None:
    import gseapy

    from omicsfuse.biology.gene_ranking import moderated_t

    table = enrich(truth, ready, simulated.gene_sets, n_permutations=4000)
    own = table[table["subtype"] == "S1"].set_index("gene_set")
    values = ready.layers["expression"].values  # noqa: PD011
    inside = (truth.labels.loc[values.index] == "S1").to_numpy()
    matrix = values.to_numpy()
    t = moderated_t(matrix, inside)
    theirs = gseapy.prerank(
        pd.Series(t, values.columns).sort_values(ascending=False),
        simulated.gene_sets,
        outdir=None,
        min_size=10,
        permutation_num=4000,
        ascending=None,
        threads=1,
        seed=1,
    ).res2d.set_index("Term")
    nes, p = (theirs.loc[own.index, c].astype(float) for c in ("NES", "NOM p-val"))
    # Two samples of about 2,000 scores on each side.
    np.testing.assert_allclose(own["nes"], nes, rtol=0.06)
    assert (np.abs(own["p"] - p) < 0.05).all()


def test_p_is_that_of_counting(truth: Subtypes, ready: Prepared) -> None:
    sets = {"some": list(ready.layers["expression"].values.columns[:20])}  # noqa: PD011
    with_others = sets | {"more": list(ready.layers["expression"].values.columns[30:90])}  # noqa: PD011
    one = enrich(truth, ready, sets, n_permutations=500)
    both = enrich(truth, ready, with_others, n_permutations=500)
    columns = ["subtype", "nes", "p", "leading_edge"]
    again = both[both["gene_set"] == "some"].reset_index(drop=True)
    pd.testing.assert_frame_equal(one[columns], again[columns])
    # p (m + 1) counts sets, m of 500 being on the same side.
    for p in one["p"]:
        assert any(abs(p * (m + 1) - round(p * (m + 1))) < 1e-9 for m in range(1, 501))


@pytest.mark.parametrize("n_permutations", [20, 200])
def test_the_larger_score_never_has_the_larger_p(
    truth: Subtypes, ready: Prepared, n_permutations: int
) -> None:
    genes = np.array(ready.layers["expression"].values.columns)  # noqa: PD011
    rng = np.random.default_rng(5)
    planted = [g for g in genes if int(g[-4:]) < 150]
    sets = {}
    for i in range(120):
        size = (12, 25)[i % 2]
        few = rng.choice(planted, rng.integers(0, size + 1), replace=False)
        rest = rng.choice(np.setdiff1d(genes, few), size - len(few), replace=False)
        sets[f"set {i}"] = [*few, *rest]
    table = enrich(truth, ready, sets, n_permutations=n_permutations)
    for _, group in table.groupby(["subtype", "size", np.sign(table["nes"])]):
        ordered = group.sort_values("nes", key=np.abs)
        assert ordered["p"].is_monotonic_decreasing
    assert table["p"].min() < 0.1 < table["p"].max()


def test_every_random_set_is_as_probable() -> None:
    rng = np.random.default_rng(0)
    for n_genes, size in ((6, 3), (13, 3)):  # drawn by shuffling, and by drawing again
        places = random_places(rng, 40_000, n_genes, size)
        assert (np.diff(places, axis=1) > 0).all()
        assert places.min() == 0
        assert places.max() == n_genes - 1
        sets, counts = np.unique(places, axis=0, return_counts=True)
        expected = 40_000 / math.comb(n_genes, size)
        assert len(sets) == math.comb(n_genes, size)
        chi2 = ((counts - expected) ** 2 / expected).sum()
        assert stats.chi2.sf(chi2, len(sets) - 1) > 1e-4


def test_batches_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = {"S1": np.sort(np.random.default_rng(0).standard_normal(400))[::-1]}
    whole = random_scores(ranking, {"S1": {10}}, 60, 0)["S1", 10]
    assert np.isfinite(whole).all()
    monkeypatch.setattr("omicsfuse.biology.random_sets._BATCH_CELLS", 170)
    parts = random_scores(ranking, {"S1": {10}}, 60, 0)["S1", 10]
    assert np.isfinite(parts).all()
    assert stats.ks_2samp(whole, parts).pvalue > 1e-3


def test_patients_without_the_layer_are_counted(truth: Subtypes, ready: Prepared) -> None:
    assert enrichment_exclusions(truth, ready) == ()
    layer = ready.layers["expression"]
    values = layer.values  # noqa: PD011
    fewer = replace(layer, values=values.iloc[5:])
    (exclusion,) = enrichment_exclusions(truth, Prepared("toy", {"rna": fewer}), "rna")
    assert (exclusion.step, exclusion.layer, exclusion.what, exclusion.count) == (
        "enrich",
        "rna",
        "patients",
        5,
    )
    assert exclusion.examples == tuple(values.index[:5])


def test_order_of_patients_does_not_matter_to_the_last_bit(
    simulated: SimulatedCohort, truth: Subtypes, ready: Prepared
) -> None:
    layer = ready.layers["expression"]
    values = layer.values  # noqa: PD011
    order = np.random.default_rng(0).permutation(len(values))
    shuffled = Prepared("toy", {"rna": replace(layer, values=values.iloc[order])})
    tables = [
        function(data)
        for function in (
            lambda data: enrich(truth, data, simulated.gene_sets, n_permutations=50),
            lambda data: differential_features(truth, data).drop(columns="layer"),
        )
        for data in (ready, shuffled)
    ]
    assert tables[0].to_csv() == tables[1].to_csv()
    assert tables[2].to_csv() == tables[3].to_csv()


def test_leading_edge_is_that_worked_by_hand() -> None:
    subtypes, layers = toy()
    sets = {"up": ["g1", "g2", "g5"], "down": ["g2", "g9", "g10"]}
    table = enrich(subtypes, layers, sets, min_size=3, n_permutations=50).set_index(
        ["subtype", "gene_set"]
    )
    assert table.loc[("S1", "up"), "leading_edge"] == "g1;g2"
    assert table.loc[("S1", "down"), "leading_edge"] == "g10;g9"
    assert table.loc[("S2", "up"), "leading_edge"] == "g1;g2"
    assert table.loc[("S1", "up"), "nes"] > 0 > table.loc[("S2", "up"), "nes"]


def test_planted_sets_top_their_subtype(
    simulated: SimulatedCohort, truth: Subtypes, ready: Prepared
) -> None:
    table = enrich(truth, ready, simulated.gene_sets)
    assert list(table.columns) == list(COLUMNS)
    for i, subtype in enumerate(truth.names, start=1):
        raised = table[(table["subtype"] == subtype) & (table["nes"] > 0)]
        assert raised.iloc[0]["gene_set"] == f"PLANTED_SUBTYPE_{i}_UP"
        assert raised.iloc[0]["fdr"] < 0.05
    assert not table[table["gene_set"].str.startswith("UNRELATED")]["fdr"].lt(0.05).any()


def test_no_p_value_is_zero_and_the_family_is_the_whole_table(
    simulated: SimulatedCohort, truth: Subtypes, ready: Prepared
) -> None:
    table = enrich(truth, ready, simulated.gene_sets, n_permutations=200)
    assert (table["p"] > 0).all()
    floored = table[table["note"] != ""]
    assert len(floored) >= 3
    draws = (
        floored["note"]
        .str.extract(
            r"smallest possible p: none of (\d+) random sets of the same sign scored "
            r"as high"
        )[0]
        .astype(int)
    )
    np.testing.assert_allclose(floored["p"], 1 / (draws + 1))
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"].to_numpy()))


def test_random_labels_give_no_discoveries_most_of_the_time(
    simulated: SimulatedCohort, truth: Subtypes, ready: Prepared
) -> None:
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(10):
        labels = pd.Series(rng.permutation(truth.labels.to_numpy()), truth.labels.index)
        table = enrich(Subtypes(labels, {}, {}), ready, simulated.gene_sets, n_permutations=300)
        found += table["fdr"].lt(0.05).any()
    assert found <= 3


def test_order_of_genes_and_sets_does_not_matter(
    simulated: SimulatedCohort, truth: Subtypes, ready: Prepared
) -> None:
    values = ready.layers["expression"].values  # noqa: PD011
    turned = prepared(values.iloc[:, ::-1])
    sets = dict(reversed([(k, s[::-1]) for k, s in simulated.gene_sets.items()]))
    first = enrich(truth, prepared(values), simulated.gene_sets, n_permutations=100)
    pd.testing.assert_frame_equal(first, enrich(truth, turned, sets, n_permutations=100))


def test_same_bytes_whatever_the_hash_seed() -> None:
    code = """
import numpy as np, pandas as pd
from omicsfuse.biology import enrich
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
values = pd.DataFrame(np.random.default_rng(0).standard_normal((12, 60)),
                      [f"P{i}" for i in range(12)], [f"G{i}" for i in range(60)])
labels = pd.Series(["S1"] * 6 + ["S2"] * 6, values.index)
layers = Prepared("toy", {"e": PreparedLayer("expression", values, values, "log2", None)})
sets = {str(i): [f"G{j}" for j in range(i, i + 15)] for i in range(0, 40, 10)}
print(enrich(Subtypes(labels, {}, {}), layers, sets, n_permutations=50).to_csv())
"""
    out = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "RAYON_NUM_THREADS": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert out[0] == out[1]
    assert len(out[0].strip().splitlines()) == 9


def test_names_are_exact_and_lower_case_or_numeric_names_survive() -> None:
    rng = np.random.default_rng(0)
    names = [f"Trp{i}" for i in range(20)] + [str(i) for i in range(20)]
    values = pd.DataFrame(rng.standard_normal((10, 40)), [f"P{i}" for i in range(10)], names)
    labels = pd.Series(["S1"] * 5 + ["S2"] * 5, values.index)
    sets = {
        "mouse": names[:12],
        "entrez": names[20:32],
        "HUMAN": [n.upper() for n in names[:12]],
    }
    table = enrich(Subtypes(labels, {}, {}), prepared(values), sets, n_permutations=50)
    assert sorted(set(table["gene_set"])) == ["entrez", "mouse"]
    assert set(table["size"]) == {12}
    edges = set(";".join(table["leading_edge"]).split(";"))
    assert edges <= set(names)


def test_ties_and_constant_genes_do_not_disturb() -> None:
    rng = np.random.default_rng(0)
    values = np.repeat(rng.integers(0, 3, (12, 10)).astype(float), 4, axis=1)
    values[:, :4] = 7.0
    table = pd.DataFrame(values, [f"P{i}" for i in range(12)], [f"G{i}" for i in range(40)])
    labels = pd.Series(["S1"] * 6 + ["S2"] * 6, table.index)
    sets = {"tied": [f"G{i}" for i in range(8, 24)], "half constant": [f"G{i}" for i in range(14)]}
    result = enrich(Subtypes(labels, {}, {}), prepared(table), sets, n_permutations=50)
    assert dict(zip(result["gene_set"], result["size"], strict=True)) == {
        "tied": 16,
        "half constant": 10,
    }
    assert result["p"].between(0, 1, inclusive="right").all()


def test_one_sided_ranking_warns_and_stays_finite() -> None:
    rng = np.random.default_rng(0)
    values = pd.DataFrame(rng.standard_normal((12, 80)), [f"P{i}" for i in range(12)])
    values.columns = [f"G{i}" for i in range(80)]
    values.iloc[:6] += 4
    labels = pd.Series(["S1"] * 6 + ["S2"] * 6, values.index)
    sets = {"any": [f"G{i}" for i in range(15)], "other": [f"G{i}" for i in range(40, 60)]}
    with pytest.warns(OmicsfuseWarning, match=r"S1 \(100% higher\), S2 \(0% higher\)"):
        table = enrich(Subtypes(labels, {}, {}), prepared(values), sets, n_permutations=50)
    assert len(table) == 4
    known = table["nes"].notna()
    assert np.isfinite(table.loc[known, "nes"]).all()
    assert (table["p"].notna() == known).all()


def test_sets_too_small_after_intersection() -> None:
    subtypes, layers = toy()
    sets = {"a": ["g1", "g2", "x"], "b": ["g3", "y"]}
    with pytest.warns(
        OmicsfuseWarning,
        match=r"none of 2 gene sets has 10 to 500 genes in layer rna \(3 of its 10 genes.*"
        r"largest overlap is 2\)",
    ):
        table = enrich(subtypes, layers, sets)
    pd.testing.assert_frame_equal(table, EMPTY_ENRICHMENT)


def test_no_sets_at_all_warns() -> None:
    with pytest.warns(OmicsfuseWarning, match="none of 0 gene sets"):
        assert enrich(*toy(), {}).empty


def test_a_subtype_with_too_few_patients_is_named() -> None:
    subtypes, layers = toy()
    labels = subtypes.labels.copy()
    labels.iloc[2] = "S2"
    sets = {"up": ["g1", "g2", "g5"]}
    with pytest.warns(OmicsfuseWarning, match=r"rna.*S1 \(2 against 4\), S2 \(4 against 2"):
        table = enrich(Subtypes(labels, {}, {}), layers, sets, min_size=2, n_permutations=20)
    assert table.empty


def test_errors_say_what_is_needed() -> None:
    subtypes, layers = toy()
    values = layers.layers["rna"].values  # noqa: PD011
    with pytest.raises(
        StudyError, match=r"a layer of kind expression is needed.*rna \(radiomics\)"
    ):
        enrich(subtypes, prepared(values, "radiomics"), {"a": ["g1"]})
    with pytest.raises(StudyError, match="no layer 'protein'; the layers are rna"):
        enrich(subtypes, layers, {"a": ["g1"]}, layer="protein")
    with pytest.raises(StudyError, match="min_size is 1"):
        enrich(subtypes, layers, {"a": ["g1"]}, min_size=1)
    with pytest.raises(StudyError, match="n_permutations is 0"):
        enrich(subtypes, layers, {"a": ["g1"]}, n_permutations=0)


def test_leaves_no_files_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    subtypes, layers = toy()
    enrich(subtypes, layers, {"up": ["g1", "g2", "g5"]}, min_size=2, n_permutations=20)
    assert list(tmp_path.iterdir()) == []
