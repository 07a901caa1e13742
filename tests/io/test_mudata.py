"""MuData and AnnData in and out: what a muon or scanpy user has, and what comes back."""

import json
import runpy
import sys
from pathlib import Path

import anndata
import mudata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import omicsfuse as of
from omicsfuse.datasets import SimulatedCohort

ignore = pytest.mark.filterwarnings(
    # The tests make objects as users do, who see these warnings of the libraries.
    "ignore:From 0.4 .update:FutureWarning",
    "ignore:var_names are not unique",
    "ignore:Observation names are not unique",
    "ignore:obs_names are not unique",
    "ignore:Variable names are not unique",
    "ignore:Cannot join columns with the same name",
)
pytestmark = ignore

PATIENTS = [f"P{i:02d}" for i in range(12)]


def adata(
    values: np.ndarray | None = None,
    patients: list[str] = PATIENTS,
    features: list[str] | None = None,
    **obs: object,
) -> anndata.AnnData:
    """An AnnData of log2 expression, of 12 patients and 3 genes where nothing else is asked for."""
    features = features or ["EGFR", "TP53", "KRAS"]
    if values is None:
        values = np.random.default_rng(0).normal(5, 2, (len(patients), len(features)))
    table = pd.DataFrame(obs, index=pd.Index(patients)) if obs else pd.DataFrame(index=patients)
    return anndata.AnnData(values, obs=table, var=pd.DataFrame(index=features))


def assert_same(one: of.Cohort, other: of.Cohort) -> None:
    """Everything that a cohort holds is the same, but for the files that messages name."""
    assert list(one.omics) == list(other.omics)
    for name, layer in one.omics.items():
        again = other.omics[name]
        pd.testing.assert_frame_equal(layer.table, again.table, check_names=False)
        assert (layer.kind, layer.scale) == (again.kind, again.scale)
        assert layer.megabases == again.megabases
        for attribute in ("features", "variants"):
            known, found = getattr(layer, attribute), getattr(again, attribute)
            assert (known is None) == (found is None)
            if known is not None:
                pd.testing.assert_frame_equal(known, found, check_names=False)
    assert (one.clinical is None) == (other.clinical is None)
    if one.clinical is not None and other.clinical is not None:
        pd.testing.assert_frame_equal(
            one.clinical.astype(object), other.clinical.astype(object), check_names=False
        )
    columns = ["type", "levels", "steps", "n_known", "n_missing", "missing_words"]
    pd.testing.assert_frame_equal(one.variables[columns], other.variables[columns])
    for attribute in ("name", "study", "endpoints", "missing", "exclusions", *of_roles()):
        assert getattr(one, attribute) == getattr(other, attribute), attribute


def of_roles() -> tuple[str, ...]:
    return ("covariates", "known_labels", "technical", "ignore", "strata")


def test_a_cohort_comes_back_from_memory_and_from_a_file(
    simulated: SimulatedCohort, tmp_path: Path
) -> None:
    cohort = simulated.discovery
    mdata = of.to_mudata(cohort)
    assert mdata.mod["expression"].uns["omicsfuse"] == {"kind": "expression", "scale": "tpm"}
    assert list(mdata.obs["stage"].dropna().unique()) != []
    assert_same(cohort, of.read_mudata(mdata))
    mdata.write(tmp_path / "cohort.h5mu")
    assert_same(cohort, of.read_mudata(tmp_path / "cohort.h5mu"))


def test_all_that_a_cohort_may_hold_comes_back(tmp_path: Path) -> None:
    table = pd.DataFrame(np.eye(12)[:, :4], PATIENTS, ["TP53", "TTN", "KRAS", "NF1"])
    variants = pd.DataFrame({"patient": ["P00", "P01"], "t_alt_count": [3, 4], "t_depth": [9, 9]})
    clinical = pd.DataFrame(
        {
            "months": np.arange(12.0) + 1,
            "status": ["Dead", "Alive", "unknown"] * 4,
            "stage": ["Stage I", "Stage IIA", "[Not Available]", "Stage IV"] * 3,
            "mixed": ["x", 2, None, 3.0] * 3,
            "seen": pd.to_datetime(["2020-01-01", None, "2020-02-03", "2021-01-01"] * 3),
            "flag": [True, False, None, True] * 3,
            "empty": [None] * 12,
            "site": pd.Categorical(["A", "B", None] * 4),
        },
        index=PATIENTS,
    )
    with pytest.warns(of.OmicsfuseWarning, match='numbers and words in "mixed"'):
        cohort = of.Cohort(
            "all",
            {"mut": of.Layer("mutation", table, megabases=30.0, variants=variants)},
            clinical,
            {"os": of.Endpoint("months", "status", "months", {"Dead": 1, "Alive": 0})},
            covariates=("stage",),
            technical=("site",),
            missing=("lost",),
            study="S",
        )
    mdata = of.to_mudata(cohort)
    mdata.write(tmp_path / "all.h5mu")
    again = of.read_mudata(tmp_path / "all.h5mu")
    # A date has become its text, a number among words too; all else is as it was.
    assert again.clinical is not None
    assert again.clinical["seen"].dropna().unique().tolist()[0] == "2020-01-01"
    assert again.variables["type"].to_dict() == cohort.variables["type"].to_dict()
    assert again.survival("os").equals(cohort.survival("os"))
    assert again.clinical["mixed"].dropna().unique().tolist() == ["x", "2", "3"]
    assert (again.omics["mut"].megabases, again.study, again.missing) == (30.0, "S", ("lost",))
    assert again.omics["mut"].variants is not None
    assert again.omics["mut"].variants.equals(variants)
    assert again.exclusions == cohort.exclusions


@pytest.mark.parametrize(
    "name", ["tcga_acc_mini", "tcga_luad_multiomics", "lung44_radiomics_expression"]
)
@pytest.mark.filterwarnings("ignore::omicsfuse.OmicsfuseWarning")
def test_real_cohorts_come_back(
    name: str, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    cohort = of.read_cohort(Path(__file__).parents[2] / "data_manifests" / f"{name}.toml")
    of.to_mudata(cohort).write(tmp_path / "real.h5mu")
    assert_same(cohort, of.read_mudata(tmp_path / "real.h5mu"))


def test_subtypes_network_and_map_are_where_scanpy_looks(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    ready = of.preprocess(cohort, ["expression", "mutation"])
    fusion = of.fuse(ready)
    subtypes = of.cluster(fusion, 3)
    layout = of.embed(fusion, method="tsne")
    mdata = of.to_mudata(cohort, subtypes, fusion, embedding=layout)
    assert mdata.obs["subtype"].to_dict() == subtypes.labels.to_dict()
    added = [name for name in mdata.obs if str(name).startswith("subtype")]
    assert added == [f"subtype{each}" for each in ("", "_silhouette", "_confidence", "_n_layers")]
    confidence = subtypes.evidence["patients"]["confidence"]
    np.testing.assert_array_equal(mdata.obs["subtype_confidence"], confidence)
    network = mdata.obsp["fused"]
    np.testing.assert_array_equal(
        network.toarray(), fusion.affinity.loc[mdata.obs_names].to_numpy()
    )
    assert mdata.uns["fused"]["connectivities_key"] == "fused"
    assert mdata.uns["fused"]["params"]["n_neighbors"] == fusion.params["n_neighbors"]
    np.testing.assert_array_equal(mdata.obsm["X_tsne"], layout[["x", "y"]])
    # What was found is not taken for a clinical column when the object is read, unless asked for.
    assert_same(cohort, of.read_mudata(mdata))
    asked = of.read_mudata(mdata, clinical=["subtype"]).clinical
    assert asked is not None
    assert asked["subtype"].to_dict() == subtypes.labels.to_dict()


def test_results_of_a_run_bring_all_of_it(tmp_path: Path) -> None:
    path = Path(__file__).parents[1] / "report" / "synthetic_results.py"
    results = runpy.run_path(str(path))["make_results"]()
    mdata = of.to_mudata(results)
    assert list(mdata.mod) == list(results.cohort.omics)
    assert mdata.obs["subtype"].notna().sum() == len(results.subtypes.labels)
    assert mdata.obsp["fused"].shape == (mdata.n_obs, mdata.n_obs)
    method = results.embedding["method"].iloc[0]
    assert mdata.obsm[f"X_{method}"].shape == (mdata.n_obs, 2)
    mdata.write(tmp_path / "run.h5mu")
    again = mudata.read_h5mu(tmp_path / "run.h5mu")
    assert (again.obsp["fused"] != mdata.obsp["fused"]).nnz == 0
    assert_same(results.cohort, of.read_mudata(again))


def test_patients_who_were_not_fused_have_no_edges(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    few = cohort.omics["expression"].table.iloc[:60]
    part = of.Cohort("part", {"rna": of.Layer("expression", few, "tpm")})
    fusion = of.fuse(of.preprocess(part))
    mdata = of.to_mudata(cohort, of.cluster(fusion, 2), fusion)
    assert mdata.obsp["fused"].shape == (90, 90)
    assert mdata.obsp["fused"][60:].nnz == 0
    assert mdata.obs["subtype"].isna().sum() == 30
    other = of.Cohort("other", {"rna": of.Layer("expression", few.iloc[:50], "tpm")})
    with pytest.raises(
        of.StudyError, match=r"fusion: 10 patients of 60 .* the cohort that was fused"
    ):
        of.to_mudata(other, fusion=fusion)


def test_a_sparse_network_stays_sparse(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    fusion = of.fuse(of.preprocess(cohort, ["expression", "copy_number"]), engine="sparse")
    mdata = of.to_mudata(cohort, fusion=fusion)
    assert (mdata.obsp["fused"] != sparse.csr_matrix(fusion.affinity)).nnz == 0


def test_values_in_a_cohort_are_a_copy() -> None:
    data = adata()
    cohort = of.read_mudata(data, kinds="expression")
    before = cohort.omics["expression"].table.copy()
    data.X[:] = 0
    pd.testing.assert_frame_equal(cohort.omics["expression"].table, before)


def test_values_in_scanpy_are_a_copy(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    before = cohort.omics["expression"].table.copy()
    of.to_mudata(cohort).mod["expression"].X[:] = 0
    pd.testing.assert_frame_equal(cohort.omics["expression"].table, before)


def test_columns_of_the_clinical_table_are_not_overwritten(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    subtypes = of.cluster(of.fuse(of.preprocess(cohort, ["expression"])), 3)
    with pytest.raises(of.StudyError, match=r'column "planted_subtype" .* key_added='):
        of.to_mudata(cohort, subtypes, key_added="planted_subtype")


def test_what_is_no_subtypes_network_or_map_is_refused(simulated: SimulatedCohort) -> None:
    cohort, labels = simulated.discovery, simulated.truth
    for given, message in (
        ({"subtypes": labels}, "subtypes is of type Series; expected Subtypes"),
        ({"fusion": labels}, "fusion is of type Series; expected Fusion"),
        ({"embedding": labels}, "embedding is of type Series; expected DataFrame"),
        ({"embedding": pd.DataFrame({"x": [1.0]}, ["Q1"])}, "embedding: 1 patient of 1"),
        ({"embedding": pd.DataFrame({"x": ["a"]}, ["SIM-0001"])}, "embedding has no numbers"),
        ({"key_added": 3}, "key_added is of type int"),
    ):
        with pytest.raises(of.StudyError, match=message):
            of.to_mudata(cohort, **given)
    with pytest.raises(of.StudyError, match="cohort is of type Series"):
        of.to_mudata(labels)
    with pytest.raises(of.StudyError, match='cohort "none" has no layer'):
        of.to_mudata(of.Cohort("none", {}))


def test_patients_in_no_layer_are_counted() -> None:
    table = pd.DataFrame({"A": np.arange(11.0)}, PATIENTS[:11])
    clinical = pd.DataFrame({"age": np.arange(50.0, 62.0)}, PATIENTS)
    cohort = of.Cohort("few", {"rna": of.Layer("expression", table)}, clinical)
    with pytest.warns(of.OmicsfuseWarning, match=r'1 patient of the clinical table .*"P11"'):
        assert of.to_mudata(cohort).n_obs == 11


def test_an_anndata_is_a_cohort_of_one_layer(tmp_path: Path) -> None:
    data = adata(age=np.arange(12) + 50, sex=pd.Categorical(["f", "m", None] * 4))
    data.write_h5ad(tmp_path / "rna.h5ad")
    for given in (data, tmp_path / "rna.h5ad", str(tmp_path / "rna.h5ad")):
        cohort = of.read_mudata(given, kinds="expression", covariates=["age"])
        assert list(cohort.omics) == ["expression"]
        np.testing.assert_array_equal(cohort.omics["expression"].table, data.X)
        assert cohort.covariates == ("age",)
        assert cohort.variables["type"].to_dict() == {"age": "numeric", "sex": "categorical"}
    assert cohort.name == "rna"
    assert cohort.omics["expression"].source.endswith("rna.h5ad")


def test_kinds_and_scales_are_guessed_with_a_note() -> None:
    genes = ["EGFR", "TP53", "KRAS"]
    mutated = np.random.default_rng(0).integers(0, 2, (12, 3))
    data = mudata.MuData({"rna": adata(features=genes), "snv": adata(mutated, features=genes)})
    cohort = of.read_mudata(data)
    layers = {name: (layer.kind, layer.scale) for name, layer in cohort.omics.items()}
    assert layers == {"rna": ("expression", "log2"), "snv": ("mutation", "binary")}
    (note,) = (note for note in cohort.notes if 'layer "rna"' in note)
    assert 'of.read_mudata kinds={"rna": "expression"}' in note
    said = of.read_mudata(data, kinds={"rna": "protein"}, scales={"rna": "raw"})
    assert (said.omics["rna"].kind, said.omics["rna"].scale) == ("protein", "raw")
    assert not any('layer "rna"' in note for note in said.notes)


def test_the_layer_of_an_anndata_has_the_name_that_is_given(tmp_path: Path) -> None:
    adata().write_h5ad(tmp_path / "rna.h5ad")
    assert list(of.read_mudata(tmp_path / "rna.h5ad").omics) == ["rna"]
    assert list(of.read_mudata(adata(), kinds={"mrna": "expression"}).omics) == ["mrna"]
    assert list(of.read_mudata(adata()).omics) == ["data"]
    with pytest.raises(of.StudyError, match="modalities are given, but data is an AnnData"):
        of.read_mudata(adata(), modalities=["rna"])


def test_what_is_given_goes_before_what_was_stored(simulated: SimulatedCohort) -> None:
    mdata = of.to_mudata(simulated.discovery)
    said = of.read_mudata(
        mdata,
        modalities=["expression"],
        kinds="protein",
        scales="raw",
        endpoints={"death": ("os_time", "os_event")},
        covariates=["sex"],
        name="mine",
    )
    assert (said.omics["expression"].kind, said.omics["expression"].scale) == ("protein", "raw")
    assert (list(said.endpoints), said.covariates, said.name) == (["death"], ("sex",), "mine")
    assert said.known_labels == ("planted_subtype",)


def test_which_matrix_and_which_names() -> None:
    data = adata()
    data.var["symbol"] = pd.Categorical(["ERBB1", None, "RAS"])
    data.raw = data.copy()
    data.layers["counts"] = sparse.csr_matrix(np.round(np.exp2(data.X)))
    data = data[:, :2].copy()
    read = {
        which: of.read_mudata(data, kinds="expression", scales=scale, matrix=which)
        .omics["expression"]
        .table
        for which, scale in {"X": "log2", "raw": "log2", "counts": "normalised_counts"}.items()
    }
    assert [table.shape[1] for table in read.values()] == [2, 3, 2]
    assert read["counts"].equals(np.round(np.exp2(read["X"])))
    named = of.read_mudata(data, kinds="expression", gene_symbol="symbol", matrix="raw")
    assert list(named.omics["expression"].table) == ["ERBB1", "TP53", "RAS"]
    with pytest.raises(of.CohortError, match='no matrix "conts"; did you mean "counts"'):
        of.read_mudata(data, kinds="expression", matrix="conts")
    with pytest.raises(of.CohortError, match='var has no column "symbl"'):
        of.read_mudata(data, kinds="expression", gene_symbol="symbl")
    data.var["symbol"] = "same"
    with pytest.raises(of.CohortError, match=r'1 name in var\["symbol"\] occurs .*"same"'):
        of.read_mudata(data, kinds="expression", gene_symbol="symbol")


def test_features_of_one_name_are_refused() -> None:
    with pytest.raises(of.CohortError, match=r'1 name in var_names .*"A".*~adata\.var_names\.dup'):
        of.read_mudata(adata(features=["A", "A", "B"]), kinds="expression")


def test_sparse_values_and_missing_ones() -> None:
    values = np.where(np.random.default_rng(1).random((12, 40)) < 0.8, 0, 3.0)
    values[0, 0] = np.nan
    genes = [f"G{i}" for i in range(40)]
    for made in (sparse.csr_matrix, sparse.csc_array):
        cohort = of.read_mudata(adata(made(values), features=genes), kinds="expression")
        np.testing.assert_array_equal(cohort.omics["expression"].table, values)


def test_a_matrix_that_memory_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omicsfuse.stats.memory.available_memory", lambda: 500)
    with pytest.raises(of.StudyError, match=r"a dense matrix of 12 x 3 values takes .* keep fewer"):
        of.read_mudata(adata(), kinds="expression")


def test_modalities_of_different_patients_and_columns_of_each() -> None:
    rna = adata(age=np.arange(12), depth=np.arange(12.0))
    ct = adata(patients=PATIENTS[2:], features=["a", "b"], age=np.arange(2, 12), depth=7.0)
    data = mudata.MuData({"rna": rna, "ct": ct})
    data.obs["centre"] = ["x", "y"] * 6
    kinds = {"rna": "expression", "ct": "radiomics"}
    cohort = of.read_mudata(data, kinds=kinds)
    assert {name: len(layer.table) for name, layer in cohort.omics.items()} == {"rna": 12, "ct": 10}
    assert cohort.clinical is not None
    assert sorted(cohort.clinical) == ["age", "centre", "ct:depth", "rna:depth"]
    assert cohort.clinical["ct:depth"].isna().sum() == 2
    assert cohort.clinical["age"].tolist() == list(range(12))
    only = of.read_mudata(data, kinds=kinds, modalities=["ct"], clinical=["centre"])
    assert only.clinical is not None
    assert (list(only.omics), list(only.clinical), len(only.clinical)) == (["ct"], ["centre"], 10)
    none = of.read_mudata(data, kinds=kinds, clinical=[])
    assert none.clinical is None
    with pytest.raises(of.CohortError, match=r'obs has no column "center".*did you mean "centre"'):
        of.read_mudata(data, kinds=kinds, clinical=["center"])
    with pytest.raises(of.CohortError, match='there is no modality "mri"'):
        of.read_mudata(data, modalities=["mri"])
    with pytest.raises(of.StudyError, match="kinds names 'dna', which is not a modality"):
        of.read_mudata(data, kinds={"dna": "mutation"})


def test_samples_are_brought_to_patients() -> None:
    barcodes = [f"TCGA-AA-{i:04d}-01A-11R" for i in range(11)]
    rna = adata(patients=[*barcodes, "TCGA-AA-0000-11A-11R"], age=np.arange(12))
    ct = adata(patients=[f"TCGA-AA-{i:04d}" for i in range(12)], features=["a", "b"])
    cohort = of.read_mudata(
        mudata.MuData({"rna": rna, "ct": ct}), kinds={"rna": "expression", "ct": "radiomics"}
    )
    assert len(cohort.common_patients()) == 11
    assert cohort.clinical is not None
    assert cohort.clinical["age"].dropna().tolist() == list(range(11))
    (exclusion,) = cohort.exclusions
    assert (exclusion.layer, exclusion.count) == ("rna", 1)
    assert "not a tumour sample" in exclusion.reason


def test_patients_by_a_column() -> None:
    cells = [f"cell{i}" for i in range(12)]
    data = adata(patients=cells, donor=PATIENTS, age=np.arange(12))
    cohort = of.read_mudata(data, kinds="expression", patient="donor")
    assert list(cohort.patients()) == PATIENTS
    assert cohort.clinical is not None
    assert list(cohort.clinical) == ["age"]
    twice = adata(patients=cells, donor=[*PATIENTS[:11], "P00"])
    with pytest.raises(of.CohortError, match=r'1 patient .* "P00" \(2\)\. .*average cells'):
        of.read_mudata(twice, kinds="expression", patient="donor")
    unknown = adata(patients=cells, donor=[*PATIENTS[:11], None])
    with pytest.raises(of.CohortError, match="1 observation of 12 have no patient"):
        of.read_mudata(unknown, kinds="expression", patient="donor")
    with pytest.raises(of.CohortError, match=r'no column "doner".*did you mean "donor"'):
        of.read_mudata(data, kinds="expression", patient="doner")


def test_two_observations_of_a_patient_are_refused() -> None:
    data = adata(patients=[*PATIENTS[:11], "P00"])
    with pytest.raises(
        of.CohortError, match=r'1 patient of 11 has more than one observation, e\.g\. "P00"'
    ):
        of.read_mudata(data, kinds="expression")


def test_endpoints_by_argument() -> None:
    data = adata(months=np.arange(12.0) + 1, dead=[0, 1] * 6, word=["D", "A"] * 6)
    given = {
        "os": ("months", "dead"),
        "pfs": of.Endpoint("months", "word", event_values={"D": 1, "A": 0}),
    }
    cohort = of.read_mudata(data, kinds="expression", endpoints=given)
    assert cohort.endpoints["os"].unit == "months"
    assert (cohort.survival("os")["event"].sum(), cohort.survival("pfs")["event"].sum()) == (6, 6)
    with pytest.raises(of.CohortError, match="\"os\" is 'months'; expected the columns of time"):
        of.read_mudata(data, kinds="expression", endpoints={"os": "months"})
    with pytest.raises(of.CohortError, match="deed"):
        of.read_mudata(data, kinds="expression", endpoints={"os": ("months", "deed")})


def test_roles_of_columns_that_are_gone_are_dropped(simulated: SimulatedCohort) -> None:
    mdata = of.to_mudata(simulated.discovery)
    del mdata.obs["age"], mdata.obs["os_event"]
    cohort = of.read_mudata(mdata)
    assert cohort.covariates == ("stage",)
    assert cohort.endpoints == {}
    assert of.read_mudata(mdata, covariates=[]).covariates == ()


@pytest.mark.parametrize("data", [None, 3, pd.DataFrame(), {}])
def test_other_things_are_refused(data: object) -> None:
    with pytest.raises(of.StudyError, match=r"data is of type .*; expected str or Path or MuData"):
        of.read_mudata(data)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(of.CohortError, match="does not exist"):
        of.read_mudata(tmp_path / "a.h5mu")
    with pytest.raises(of.CohortError, match=r"ends in \.h5mu or \.h5ad"):
        of.read_mudata(tmp_path / "a.tsv")
    for name in ("a.h5mu", "a.h5ad"):
        (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\nshort")
        with pytest.raises(of.CohortError, match="cannot be read as"):
            of.read_mudata(tmp_path / name)
    adata().write_h5ad(tmp_path / "one.h5ad")
    (tmp_path / "one.h5ad").rename(tmp_path / "one.h5mu")
    with pytest.raises(of.CohortError, match="cannot be read as"):
        of.read_mudata(tmp_path / "one.h5mu")


def test_a_manifest_may_name_one(tmp_path: Path) -> None:
    adata().write_h5ad(tmp_path / "rna.h5ad")
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\n[layers.rna]\nfile = "rna.h5ad"\nkind = "expression"\n'
    )
    cohort = of.read_cohort(tmp_path / "mine.toml")
    pd.testing.assert_frame_equal(
        cohort.omics["rna"].table,
        next(iter(of.read_mudata(adata()).omics.values())).table,
        check_names=False,
    )


def test_what_shares_no_patients_is_refused() -> None:
    data = mudata.MuData({"a": adata(), "b": adata(patients=[f"Q{i}" for i in range(12)])}, axis=1)
    with pytest.raises(of.CohortError, match="share features, not observations"):
        of.read_mudata(data)
    nested = mudata.MuData({"inner": mudata.MuData({"a": adata()})})
    with pytest.raises(of.CohortError, match='modality "inner" is a MuData object itself'):
        of.read_mudata(nested)


def test_what_was_stored_and_altered_is_refused(simulated: SimulatedCohort) -> None:
    mdata = of.to_mudata(simulated.discovery)
    details = json.loads(mdata.uns["omicsfuse"]["cohort"])
    del details["endpoints"]
    mdata.uns["omicsfuse"]["cohort"] = json.dumps(details)
    with pytest.raises(of.CohortError, match="was not written by to_mudata"):
        of.read_mudata(mdata)


def test_without_the_extra_the_message_says_what_to_install(
    simulated: SimulatedCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mudata", None)
    for call in (lambda: of.read_mudata("x.h5mu"), lambda: of.to_mudata(simulated.discovery)):
        with pytest.raises(of.StudyError, match=r'pip install "omicsfuse\[mudata\]"'):
            call()
