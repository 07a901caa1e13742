# ruff: noqa: PD011 - the values of a target are a field of ours

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.preprocessing import preprocess
from omicsfuse.signatures import (
    derive,
    derive_signature,
    feature_target,
    load_signature,
    save_signature,
    score_signature,
    score_target,
)
from omicsfuse.signatures.derive import signature_exclusions
from omicsfuse.signatures.lock import require_locked
from omicsfuse.signatures.training import patient_digest

QUICK: dict[str, int] = {"n_repeats": 1, "n_permutations": 19}


def toy(n: int = 50, n_genes: int = 60, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(seed)
    patients = [f"P{i:03d}" for i in range(n)]
    values = np.round(rng.standard_normal((n, n_genes)), 3)
    score = values[:, :3].sum(axis=1) - values[:, 3] + np.round(rng.standard_normal(n), 3)
    table = pd.DataFrame(values, patients, [f"G{i:02d}" for i in range(n_genes)])
    return table, pd.Series(score, patients, name="texture")


def prepared(values: pd.DataFrame, scale: str = "log2") -> Prepared:
    return Prepared("toy", {"rna": PreparedLayer("expression", values, values, scale, None)})


def test_a_score_becomes_a_locked_signature(tmp_path: Path) -> None:
    table, score = toy(100)
    found = derive(score, prepared(table), n_genes=5, **QUICK)
    signature = found.signature
    require_locked(signature)
    assert set(signature.templates.index) == {"G00", "G01", "G02", "G03"}
    assert signature.templates.loc["G03", "texture"] < 0
    assert signature.target == {
        "name": "texture",
        "kind": "continuous",
        "source": "given by the user",
    }
    assert (signature.method, signature.scorer, signature.scaling) == (
        "correlation",
        "weighted_z",
        "cohort",
    )
    assert signature.settings["agreement"] == {"n_folds": 5, "n_repeats": 1, "n_permutations": 19}
    assert len(found.genes) == 60
    assert found.details["agreement"] is signature.agreement
    assert signature.agreement["p"].tolist() == [0.05]
    save_signature(signature, tmp_path / "signature.json")
    again = load_signature(tmp_path / "signature.json")
    assert again.hash == signature.hash
    pd.testing.assert_frame_equal(again.agreement, signature.agreement)


def test_order_does_not_matter_to_the_last_bit() -> None:
    table, score = toy()
    covariates = pd.DataFrame(
        {"age": np.arange(50.0) % 7, "purity": np.arange(50.0) % 5}, table.index
    )
    groups = pd.Series(np.where(score > 0, "high", "low"), table.index)
    for target, method in ((score, "correlation"), (groups, "moderated_t")):
        first = derive_signature(
            target, prepared(table), method=method, covariates=covariates, **QUICK
        )
        order = np.random.default_rng(1).permutation(50)
        again = derive_signature(
            target.iloc[order[::-1]],
            prepared(table.iloc[order, ::-1]),
            method=method,
            covariates=covariates.iloc[::-1, ::-1],
            **QUICK,
        )
        assert again.hash == first.hash


def test_who_is_left_out_is_counted() -> None:
    table, score = toy()
    score.iloc[0] = np.nan
    covariates = pd.DataFrame({"purity": np.arange(50.0) % 7}, table.index)
    covariates.iloc[2] = np.nan
    ready = prepared(table.drop("P001"))
    signature = derive_signature(
        score, ready, method="correlation", covariates=covariates, n_genes=5, **QUICK
    )
    trained = signature.trained_on
    assert (trained["n_labelled"], trained["n_patients"]) == (49, 47)
    assert trained["losses"] == [
        "1 patient has no value of texture: P000",
        "1 patient has no layer rna: P001",
        "1 patient has incomplete covariates (purity): P002",
    ]
    # The target of a patient without expression is known all the same.
    assert trained["patient_digests"] == sorted(map(patient_digest, table.index[1:]))
    (exclusion,) = signature_exclusions(score, ready)
    assert (exclusion.count, exclusion.reason) == (1, "with texture but without layer rna")


def test_covariates_that_will_not_do() -> None:
    table, score = toy()
    for covariates, error, message in [
        (pd.DataFrame({"sex": "f"}, table.index), StudyError, "'sex' cannot be adjusted for"),
        (pd.DataFrame({"a": 1.0}, table.index), StudyError, "'a' cannot be .*same value in all"),
        ([1], StudyError, "covariates is of type list"),
    ]:
        with pytest.raises(error, match=message):
            derive_signature(score, prepared(table), method="correlation", covariates=covariates)
    twice = pd.DataFrame({"a": np.arange(50.0), "b": 2 * np.arange(50.0)}, table.index)
    with pytest.raises(SignatureError, match=r"'b' is constant, or determined .* \(a\)"):
        derive_signature(score, prepared(table), method="correlation", covariates=twice)
    groups = pd.Series(["a", "b"] * 25, table.index)
    with pytest.raises(StudyError, match="'templates' cannot adjust"):
        derive_signature(groups, prepared(table), covariates=twice[["a"]])


def test_settings_that_do_not_fit() -> None:
    table, score = toy()
    ready = prepared(table)
    for settings, message in [
        ({"method": "corelation"}, "no method 'corelation': did you mean \"correlation\""),
        ({"method": "correlation", "fdr": "low"}, "option fdr is 'low'; it must be a number"),
        ({"method": "correlation", "gate": "no"}, "option gate is 'no'; it must be true or false"),
        ({"method": "elastic_net", "l1_ratios": []}, "it must be a non-empty list"),
        ({"method": "correlation", "values": 1}, "no option 'values'"),
        ({"method": "correlation", "fdrr": 0.1}, "no option 'fdrr': did you mean \"fdr\""),
        ({"method": "correlation", "scorer": "gsea"}, "no scorer 'gsea': did you mean \"ssgsea\""),
        ({"method": "correlation", "scaling": "z"}, "no scaling 'z'"),
        (
            {"method": "correlation", "scorer": "nearest_template"},
            "assigns groups; 'texture' is of",
        ),
        ({"method": "templates"}, "takes targets of kind groups; 'texture' is of kind continuous"),
        ({"method": "correlation", "n_genes": 4}, "n_genes is 4"),
        ({"method": "correlation", "layer": "dna"}, "no layer 'dna'"),
    ]:
        with pytest.raises(StudyError, match=message):
            derive_signature(score, ready, **settings)
    with pytest.raises(SignatureError, match="9 patients have both 'texture' and layer rna"):
        derive_signature(score, prepared(table.iloc[:9]), method="correlation")
    with pytest.raises(SignatureError, match="layer rna: 1 genes occur more than once: G00"):
        derive_signature(
            score,
            prepared(table.join(table[["G00"]], rsuffix="x").rename(columns={"G00x": "G00"})),
            method="correlation",
        )
    rank = derive_signature(score, ready, method="correlation", scorer="rank", **QUICK)
    assert (rank.scorer, rank.scaling) == ("rank", "none")


def test_genes_that_do_not_stand_for_the_target_are_said_so() -> None:
    table, _ = toy()
    noise = pd.Series(np.random.default_rng(3).standard_normal(50), table.index, name="noise")
    with pytest.raises(SignatureError, match="These genes do not predict the target"):
        derive_signature(noise, prepared(table), method="correlation", **QUICK)
    with pytest.warns(OmicsfuseWarning, match="the scores do not predict noise"):
        signature = derive_signature(
            noise, prepared(table), method="correlation", fdr=1.0, stability=0.0, **QUICK
        )
    assert signature.agreement["note"].str.startswith("not above chance").all()


def test_cut_points_are_locked_with_it() -> None:
    table, score = toy()
    found = derive(score, prepared(table), method="correlation", **QUICK).signature
    require_locked(found)
    cuts = found.cut_points.set_index(["scorer", "scaling"])["cut_point"]
    scales = {("weighted_z", "cohort"), ("weighted_z", "reference"), ("rank", "none")}
    assert scales <= set(cuts.index)
    scored = score_signature(found, table)
    # Half of the training patients lie above their own median.
    assert scored["high"].sum() == len(table) // 2
    with pytest.raises(SignatureError, match="was changed after"):
        require_locked(replace(found, cut_points=found.cut_points.assign(cut_point=0.0)))


def test_the_share_of_genes_is_locked_and_must_be_a_share() -> None:
    table, score = toy()
    asked = {"method": "correlation", **QUICK}
    found = derive(score, prepared(table), minimum_share_of_genes=0.9, **asked).signature
    assert found.settings["minimum_share_of_genes"] == 0.9
    with pytest.raises(SignatureError, match="at least 90% of all"):
        score_signature(found, table.drop(columns=found.templates.index[:2]))
    with pytest.raises(StudyError, match="minimum_share_of_genes is 0"):
        derive(score, prepared(table), minimum_share_of_genes=0, **asked)


def test_planted_subtypes_replicate_with_every_method(simulated: SimulatedCohort) -> None:
    from sklearn.metrics import adjusted_rand_score

    patients = simulated.discovery.clinical.index
    labels = "S" + simulated.truth.loc[patients].astype(str)
    ready = preprocess(simulated.discovery, ["expression"])
    elsewhere = preprocess(simulated.external, ["expression"]).layers["expression"].values
    planted = set().union(*(simulated.gene_sets[f"PLANTED_SUBTYPE_{i}_UP"] for i in (1, 2, 3)))
    for method in ("moderated_t", "correlation"):
        signature = derive_signature(
            Subtypes(labels, {}, {}),
            ready,
            method=method,
            n_genes=25,
            scorer="nearest_template",
            **QUICK,
        )
        assert list(signature.templates.columns) == ["S1", "S2", "S3"]
        assert len(planted & set(signature.templates.index)) > 0.9 * len(signature.templates)
        assert signature.agreement["value"].min() > 0.85
        assigned = score_signature(signature, elsewhere)["subtype"]
        assert assigned.notna().mean() > 0.8
        assigned = assigned.dropna()
        assert adjusted_rand_score(simulated.truth.loc[assigned.index], assigned) > 0.8


def test_a_radiomic_feature_of_real_patients(real_data: Path) -> None:
    folder = real_data / "tcga_hnsc_radiogenomic"
    layers = {
        name: pd.read_csv(folder / f"{name}.tsv.gz", sep="\t", index_col=0)
        for name in ("radiomics", "expression", "expression_rnaz")
    }
    layers["expression"] = layers["expression"].drop(columns="11-Mar")  # MARCH11, of a spreadsheet
    cohort = Cohort(
        "hnsc",
        {
            "radiomics": Layer("radiomics", layers["radiomics"]),
            "expression": Layer("expression", layers["expression"], "fpkm"),
            "rnaz": Layer("expression", layers["expression_rnaz"], "zscore"),
        },
    )
    ready = preprocess(cohort)
    target = feature_target(ready, "radiomics", "firstOrder_Entropy")
    found = derive(target, ready, method="correlation", **QUICK)
    assert found.signature.trained_on["n_patients"] == 106
    assert 0 < len(found.signature.templates) <= 50
    assert 0 < found.signature.agreement["value"].iloc[0] < 0.5
    with pytest.raises(SignatureError, match=r"none of 1535 genes has an FDR of at most 0.05"):
        derive(target, ready, layer="rnaz", method="correlation")


def test_flags_asked_for_as_groups() -> None:
    table, score = toy()
    table["G04"] = -score.round(1)
    for i in range(5, 10):
        table[f"G{i:02d}"] = table["G04"] + 2 * table[f"G{i + 20}"]
    flags = score_target((score > 0).astype(int), "necrosis", kind="groups")
    found = derive_signature(flags, prepared(table), n_genes=5, **QUICK)
    assert list(found.templates.columns) == ["0", "1"]
    assert found.scorer == "nearest_template"
    assert found.trained_on["subtype_sizes"] == {
        "0": int((score <= 0).sum()),
        "1": int((score > 0).sum()),
    }


@pytest.mark.parametrize(
    ("prefix", "namespace"), [("G", "symbol"), ("ENSG000001419", "ensembl"), ("19", "entrez")]
)
def test_the_kind_of_gene_names_is_locked(prefix: str, namespace: str) -> None:
    table, score = toy()
    table.columns = [f"{prefix}{i:02d}" for i in range(table.shape[1])]
    found = derive(score, prepared(table), method="correlation", **QUICK).signature
    assert found.namespace == namespace
