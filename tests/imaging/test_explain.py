"""What is planted is found, what is volume vanishes, what is nothing is said to be nothing."""

import joblib
import numpy as np
import pandas as pd
import pytest
from made_cohorts import SETS, made

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.imaging.interpretation import interpret
from omicsfuse.pipeline.commands.interpret import interpretation_summary
from omicsfuse.pipeline.stages.interpret import INTERPRET

QUICK = {"n_resamples": 6, "n_permutations": 99}


def layer_of(prepared: Prepared, name: str) -> pd.DataFrame:
    return prepared.layers[name].values  # noqa: PD011 - a field of ours


def planted_score(prepared: Prepared, noise: float = 3.0) -> pd.Series:
    table = layer_of(prepared, "rna")
    rng = np.random.default_rng(9)
    total = table[SETS["PLANTED"]].sum(axis=1) + noise * rng.standard_normal(len(table))
    return total.rename("planted")


def test_a_planted_score_is_found_with_its_genes_and_their_set() -> None:
    cohort, prepared = made(shared=0.0)
    rna = layer_of(prepared, "rna").copy()
    rna[SETS["PLANTED"]] += 0.7 * np.random.default_rng(4).standard_normal((80, 1))
    prepared = Prepared("made", {"rna": PreparedLayer("expression", rna, rna, "log2", None)})
    found = interpret(
        planted_score(prepared),
        cohort,
        prepared,
        gene_sets=SETS,
        n_resamples=20,
        n_permutations=199,
    )
    genes = found.associations[found.associations["layer"] == "rna"]
    top = genes[genes["fdr"] <= 0.05]["feature"]
    assert len(set(top) & set(SETS["PLANTED"])) >= 15
    assert len(set(top) - set(SETS["PLANTED"])) <= 3
    assert not genes.loc[genes["feature"].isin(SETS["PLANTED"]), "vanishes"].all()
    sets = found.enrichment.set_index(["score", "gene_set"])
    for block in ("score", "score, adjusted"):
        assert sets.loc[(block, "PLANTED"), "fdr_patients"] <= 0.05
        assert sets.loc[(block, "PLANTED"), "nes"] > 1.5
        assert sets.loc[(block, "PLANTED"), "stability"] == 1.0
        assert sets.loc[(block, "OTHER"), "fdr_patients"] > 0.05
    adjusted = found.enrichment.groupby("score")["adjusted"].unique().map(list)
    assert adjusted.to_dict() == {"score": [False], "score, adjusted": [True]}
    assert (genes["effect_ci_low"] <= genes["effect"]).all()
    assert genes["stability"].iloc[0] > 0.9
    assert found.params["adjusted_for"] == ["age", "stage", "purity", "tumour volume"]


def test_a_score_that_is_volume_is_said_to_be_and_vanishes() -> None:
    cohort, prepared = made(n=100)
    volume = np.log(layer_of(prepared, "ct")["original_shape_MeshVolume"])
    rna = layer_of(prepared, "rna").copy()
    rna["G000"] = 6 + (volume - volume.mean())
    prepared = Prepared(
        "made", {**prepared.layers, "rna": PreparedLayer("expression", rna, rna, "log2", None)}
    )
    noise = 0.15 * np.random.default_rng(1).standard_normal(100)
    found = interpret((volume + noise).rename("size"), cohort, prepared, **QUICK)
    assert found.params["volume_correlation"]["score"]["correlation"] > 0.95
    gene = found.associations.set_index("feature").loc["G000"]
    assert gene["fdr"] < 1e-6
    assert gene["adjusted_fdr"] > 0.05
    assert gene["vanishes"]
    row = found.families.set_index("layer").loc["rna"]
    assert row["found"] >= 1
    assert row["kept"] == 0
    assert any("measures tumour volume" in line for line in interpretation_summary(found))


def test_volume_itself_cannot_be_adjusted_for_volume() -> None:
    cohort, prepared = made()
    volume = layer_of(prepared, "ct")["original_shape_MeshVolume"].rename("volume")
    found = interpret(volume, cohort, prepared, layers=["rna"], gene_sets=SETS, **QUICK)
    assert found.associations.loc[found.associations["layer"] == "rna", "adjusted_p"].isna().all()
    assert not found.associations["vanishes"].any()
    note = found.families.set_index("layer").loc["rna", "note"]
    assert "no variation remains after adjustment" in note
    assert set(found.enrichment["score"]) == {"score"}


@pytest.mark.parametrize("n", [44, 80])
def test_nothing_is_found_in_null_scores(n: int) -> None:
    """Share of null scores with any discovery in the family of genes, beside the level of 0.05."""
    cohort, prepared = made(n=n, genes=120, seed=3)
    rng = np.random.default_rng(0)
    any_found = np.zeros(2)
    sets = []
    for i in range(20):
        score = pd.Series(rng.standard_normal(n), layer_of(prepared, "rna").index, name=f"s{i}")
        found = interpret(
            score, cohort, prepared, layers=["rna", "mutation"], n_resamples=0, n_permutations=0
        )
        row = found.families.set_index("layer").loc[["rna", "mutation"]]
        any_found += [bool(row["found"].any()), bool(row["adjusted_found"].any())]
        assert row["kept"].sum() <= row["found"].sum()
        sets.append(found.families["smallest_p"].min())
    # Two families at 0.05: up to 0.10 expected; 6 of 20 is beyond the 99th percentile of that.
    assert (any_found <= 5).all(), any_found


def test_shuffled_patients_hold_the_level_where_random_genes_do_not() -> None:
    cohort, prepared = made(n=60, genes=120, seed=5, shared=0.0)
    rng = np.random.default_rng(2)
    # Genes of a set share a factor, so that random genes are the wrong comparison.
    rna = layer_of(prepared, "rna").copy()
    for own in SETS.values():
        rna[own] = rna[own] + 2 * rng.standard_normal((60, 1))
    prepared = Prepared("made", {"rna": PreparedLayer("expression", rna, rna, "log2", None)})
    patients, genes = [], []
    for _ in range(20):
        score = pd.Series(rng.standard_normal(60), rna.index, name="null")
        found = interpret(
            score, cohort, prepared, gene_sets=SETS, adjust_for=(), n_resamples=0, n_permutations=99
        )
        patients += found.enrichment["p_patients"].tolist()
        genes += found.enrichment["p"].tolist()
    assert np.mean(np.array(patients) <= 0.05) <= 0.14
    assert np.mean(np.array(genes) <= 0.05) > 0.25


def test_the_scale_of_a_score_does_not_matter() -> None:
    cohort, prepared = made(n=40, genes=40)
    score = planted_score(prepared)
    first = interpret(score, cohort, prepared, **QUICK).associations
    second = interpret(np.exp(score / 10), cohort, prepared, **QUICK).associations
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


def test_order_of_patients_and_genes_and_processes_do_not_matter() -> None:
    cohort, prepared = made(n=40, genes=40)
    score = planted_score(prepared)
    mixed = {
        name: PreparedLayer(
            one.kind, one.scaled, layer_of(prepared, name).iloc[::-1, ::-1], one.scale, None
        )
        for name, one in prepared.layers.items()
    }
    first = interpret(score, cohort, prepared, gene_sets=SETS, **QUICK)
    with joblib.parallel_config(backend="threading"):
        second = interpret(
            score.iloc[::-1], cohort, Prepared("made", mixed), gene_sets=SETS, n_jobs=2, **QUICK
        )
    for field in ("associations", "families", "enrichment", "stability"):
        pd.testing.assert_frame_equal(
            getattr(first, field), getattr(second, field), check_exact=True
        )


def test_two_classes_and_several() -> None:
    cohort, prepared = made(n=60, genes=60)
    score = planted_score(prepared, noise=0.5)
    two = pd.Series(np.where(score > score.median(), "high", "low"), score.index, name="risk")
    found = interpret(two, cohort, prepared, gene_sets=SETS, **QUICK)
    assert found.kind == "class"
    assert found.params["contrasts"] == ["low vs high"]
    mutations = found.associations[found.associations["layer"] == "mutation"]
    assert (mutations["effect_name"] == "difference in mutated share").all()
    three = pd.Series(pd.qcut(score, 3, labels=["a", "b", "c"]).astype(str), score.index)
    found = interpret(three.rename("grade"), cohort, prepared, gene_sets=SETS, **QUICK)
    rna = found.associations[found.associations["layer"] == "rna"]
    assert set(rna["contrast"]) == {"a vs rest", "b vs rest", "c vs rest"}
    assert len(rna) == 3 * 60
    # One family over all classes.
    assert found.families.set_index("layer").loc["rna", "tests"] == 180


def test_subtypes_and_clinical_columns() -> None:
    cohort, prepared = made(n=60, genes=40)
    score = planted_score(prepared)
    ranked = score.rank()
    labels = pd.Series(np.where(ranked > 30, "S1", "S2"), score.index)
    found = interpret(score, cohort, prepared, subtypes=Subtypes(labels, {}, {}), **QUICK)
    table = found.associations.set_index("feature")
    assert table.loc["subtypes", "adjusted_p"] < 1e-6
    assert not table.loc["subtypes", "vanishes"]
    assert "S1: higher" in table.loc["subtypes", "test"]
    # An outcome is no clinical variable here, and a covariate is not adjusted for itself.
    clinical = found.associations[found.associations["kind"] == "clinical"]
    assert set(clinical["feature"]) == {"age", "stage", "purity"}
    assert clinical["adjusted_p"].notna().all()
    assert found.params["subtypes"][score.index[0]] in ("S1", "S2")


def test_immune_scores_are_families_by_collection() -> None:
    cohort, prepared = made(n=40, genes=40)
    score = planted_score(prepared)
    rng = np.random.default_rng(0)
    cells = pd.DataFrame(
        {"A: T cells": score * 2, "A: B cells": rng.random(40), "B: T cells": rng.random(40)},
        score.index,
    )
    found = interpret(score, cohort, prepared, layers=[], immune=cells, **QUICK)
    rows = found.families.set_index("layer")
    assert rows.loc["A", "tests"] == 2
    assert rows.loc["B", "tests"] == 1
    assert found.associations.iloc[0]["feature"] == "A: T cells"


def test_without_covariates_and_with_too_few_patients() -> None:
    cohort, prepared = made(n=30, genes=40)
    score = planted_score(prepared)
    plain = interpret(score, Cohort("bare", {}), prepared, **QUICK)
    assert plain.params["adjusted_for"] == []
    assert len(plain.params["not_adjusted_for"]) == 4
    assert plain.associations["adjusted_p"].isna().all()
    short = interpret(score.iloc[:16], cohort, prepared, **QUICK)
    assert short.associations["adjusted_p"].isna().all()
    note = short.families.set_index("layer").loc["rna", "note"]
    assert note == "16 patients have all covariates, too few for 4 columns"


def test_what_is_asked_for_wrongly() -> None:
    cohort, prepared = made(n=30, genes=40)
    score = planted_score(prepared)
    with pytest.raises(StudyError, match='"rnaa"; did you mean "rna"'):
        interpret(score, cohort, prepared, layers=["rnaa"])
    with pytest.raises(StudyError, match='adjust_for: "ages" is unknown; did you mean "age"'):
        interpret(score, cohort, prepared, adjust_for=["ages"])
    with pytest.raises(StudyError, match="expected a list"):
        interpret(score, cohort, prepared, adjust_for="age")
    with pytest.raises(StudyError, match="of kind expression is needed"):
        interpret(score, cohort, prepared, layers=["ct"], gene_sets=SETS)
    with pytest.raises(StudyError, match="moderated t, and layer ct"):
        interpret(score, cohort, prepared, gene_layer="ct", gene_sets=SETS, **QUICK)
    with pytest.raises(StudyError, match="n_resamples"):
        interpret(score, cohort, prepared, n_resamples=-1)
    with pytest.raises(CohortError, match="same score"):
        interpret(score * 0, cohort, prepared)


def test_gene_sets_without_genes_give_a_warning() -> None:
    cohort, prepared = made(n=30, genes=40)
    with pytest.warns(OmicsfuseWarning):
        found = interpret(
            planted_score(prepared),
            cohort,
            prepared,
            adjust_for=(),
            gene_sets={"elsewhere": ["X1", "X2"]},
            **QUICK,
        )
    assert found.enrichment.empty


def test_result_files() -> None:
    cohort, prepared = made(n=30, genes=40)
    found = interpret(planted_score(prepared), cohort, prepared, gene_sets=SETS, **QUICK)
    tables = INTERPRET.tables({"planted": found})
    assert list(tables) == [
        "interpretation.tsv",
        "interpretation_families.tsv",
        "interpretation_gene_sets.tsv",
        "interpretation_stability.tsv",
        "interpretation_scores.tsv",
    ]
    assert all(table.columns[0] == "model" for table in tables.values())
    assert "model" not in found.associations
