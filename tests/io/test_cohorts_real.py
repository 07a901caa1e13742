"""Every real cohort reads without refusal, from manifests with nothing but the contract's keys."""

import warnings
from pathlib import Path

import pytest

from omicsfuse.core.cohort import Cohort, describe_layer
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.datasets.cohorts import manifest_folders
from omicsfuse.io import read_cohort, read_gmt, read_maf
from omicsfuse.io.manifest import read_manifest

OS = {"os": ("time", "event")}
PFI = {"pfi": ("pfi_time", "pfi_event")}
EXPRESSION, GENES = ("expression", "expression"), ("cn_gene", "copy_number")

# folder: endpoints, then layer file -> kind and scale
COHORTS: dict[str, tuple[dict, dict[str, tuple[str, str]]]] = {
    "tcga_hnsc_radiogenomic": (
        OS | PFI,
        {
            "radiomics": ("radiomics", ""),
            "expression": ("expression", "fpkm"),
            "mutation": ("mutation", ""),
            "cn_gene": ("copy_number", "gistic"),
            "cn_arm": ("copy_number", ""),
            "protein": ("protein", "zscore"),
            "expression_rnaz": ("expression", "zscore"),
        },
    ),
    "tcga_hnsc_noimaging_external": (OS, {"expression_rnaz": ("expression", "zscore")}),
    "tcga_acc_mini": (
        OS | PFI,
        {
            "expression": ("expression", "normalised_counts"),
            "cn_gene": ("copy_number", ""),
            "protein": ("protein", ""),
            "mutation": ("mutation", ""),
            "mirna": ("mirna", "counts"),
        },
    ),
    "tcga_luad_multiomics": (
        OS,
        {
            "expression": ("expression", "zscore"),
            "methylation": ("methylation", "beta"),
            "mutation": ("mutation", ""),
            "cn_gene": ("copy_number", "gistic"),
            "cn_arm": ("copy_number", "gistic"),
            "protein": ("protein", "raw"),
        },
    ),
    "radiomics_only_hn1": (OS, {"radiomics": ("radiomics", "")}),
    "lung44_radiomics_expression": (
        {},
        {"radiomics": ("radiomics", ""), "expression": ("expression", "tpm")},
    ),
    "external_glioma_vital": (OS, {"expression": ("expression", "log2")}),
}


def _read(name: str, data: Path, folder: Path) -> Cohort:
    endpoints, layers = COHORTS[name]
    lines = [f'name = "{name}"']
    if endpoints:
        lines += [
            "[clinical]",
            f'file = "$OMICSFUSE_DATA/{name}/clinical.tsv"',
            'patient = "sample"',
        ]
    for endpoint, (time, event) in endpoints.items():
        lines += [f"[clinical.endpoints.{endpoint}]", f'time = "{time}"', f'event = "{event}"']
    for layer, (kind, scale) in layers.items():
        lines += [f"[layers.{layer}]", f'file = "$OMICSFUSE_DATA/{name}/{layer}.tsv.gz"']
        lines += [f'kind = "{kind}"'] + ([f'scale = "{scale}"'] if scale else [])
    manifest = folder / f"{name}.toml"
    manifest.write_text("\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMICSFUSE_DATA", str(data))
        return read_cohort(manifest)


def test_the_manifests_of_these_cohorts_declare_these_scales() -> None:
    seen = set()
    for path in (path for folder in manifest_folders() for path in sorted(folder.glob("*.toml"))):
        for name, layer in read_manifest(path).layers.items():
            folder, file = Path(layer.file).parts[-2:]
            if folder not in COHORTS:  # fetched, not in the data folder of developers
                continue
            seen.add(folder)
            kind, scale = COHORTS[folder][1][file.removesuffix(".tsv.gz")]
            assert (layer.kind, layer.scale or scale) == (kind, scale or layer.scale), (path, name)
    assert seen == set(COHORTS)


@pytest.mark.parametrize("name", [name for name in COHORTS if name != "tcga_hnsc_radiogenomic"])
def test_real_cohort_reads_without_refusal(name: str, real_data: Path, tmp_path: Path) -> None:
    cohort = _read(name, real_data, tmp_path)
    assert list(cohort.omics) == list(COHORTS[name][1])
    for layer in cohort.omics.values():
        assert (layer.table.dtypes == "float64").all()


def test_hnsc_restores_the_gene_that_a_spreadsheet_turned_into_a_date(
    real_data: Path, tmp_path: Path
) -> None:
    with pytest.warns(OmicsfuseWarning, match=r"11-Mar -> MARCH11"):
        cohort = _read("tcga_hnsc_radiogenomic", real_data, tmp_path)
    expression = cohort.omics["expression"].table
    assert "MARCH11" in expression
    assert "11-Mar" not in expression
    assert expression.shape == (106, 976)
    assert [
        exclusion.examples for exclusion in cohort.exclusions if "spreadsheet" in exclusion.reason
    ] == [("11-Mar -> MARCH11",)]
    survival = cohort.survival("os")
    assert (len(survival), int(survival["event"].sum())) == (106, 38)
    assert int(cohort.survival("pfi")["event"].sum()) == 36
    assert len(cohort.common_patients(["radiomics", "expression", "mutation", "cn_gene"])) == 106
    assert len(cohort.common_patients()) == 39
    features = cohort.omics["radiomics"].features
    assert features is not None
    assert set(features.loc[features["feature_class"].ne(""), "image_type"]) == {
        "original",
        *(f"wavelet-{a}{b}{c}" for a in "LH" for b in "LH" for c in "LH"),
    }


def test_normalised_counts_declared_as_counts_are_told(real_data: Path, tmp_path: Path) -> None:
    counts = (OS, {"expression": ("expression", "counts")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(COHORTS, "tcga_acc_mini", counts)
        with pytest.warns(OmicsfuseWarning, match="98% of the values are fractions"):
            _read("tcga_acc_mini", real_data, tmp_path)


def test_luad_counts_missing_endpoints_and_times_of_zero(real_data: Path, tmp_path: Path) -> None:
    cohort = _read("tcga_luad_multiomics", real_data, tmp_path)
    survival = cohort.survival("os")
    assert (len(survival), int(survival["event"].sum())) == (
        506,
        181,
    )  # four more events have no time
    exclusions = {
        exclusion.reason: exclusion.count for exclusion in cohort.survival_exclusions("os")
    }
    assert exclusions["os: time or event missing, excluded"] == 9
    assert exclusions["os: time of zero, kept (counted only)"] == (survival["time"] == 0).sum() > 0
    assert len(cohort.patients()) == 32
    described = describe_layer(cohort.omics["methylation"])
    assert (described["missing"], described["mostly_missing"]) == (121, 1)
    left_out = {
        exclusion.layer: exclusion.count
        for exclusion in cohort.exclusions
        if exclusion.reason == "not in the clinical table: excluded"
    }
    assert (left_out["methylation"], left_out["mutation"]) == (61, 57)


def test_maf_agrees_with_the_mutation_table_made_from_it(real_data: Path, tmp_path: Path) -> None:
    table = read_maf(real_data / "maf" / "mc3_HNSC.maf.tsv.gz")
    assert table.index.str.fullmatch(r"TCGA-\w\w-\w{4}").all()
    assert set(table.to_numpy().ravel()) == {0.0, 1.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        other = _read("tcga_hnsc_radiogenomic", real_data, tmp_path).omics["mutation"].table
    patients = other.index[other.index.isin(table.index)]
    genes = other.columns[other.columns.isin(table.columns)]
    assert len(patients) > 90
    assert len(genes) > 1300
    agreement = table.loc[patients, genes].eq(other.loc[patients, genes]).to_numpy().mean()
    assert agreement > 0.999


def test_gene_sets_read(real_data: Path) -> None:
    sets = read_gmt(real_data / "genesets" / "hallmark.v7.0.symbols.gmt")
    assert len(sets) == 50
    assert "VEGFA" in sets["HALLMARK_HYPOXIA"]
    for path in sorted((real_data / "genesets").glob("*.gmt")):
        assert read_gmt(path), path.name
