"""Methylation probes brought to genes, from a table and through the manifest."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import CohortError
from omicsfuse.core.layers import Layer
from omicsfuse.io import read_cohort
from omicsfuse.io.manifest import read_manifest
from omicsfuse.io.probes import gene_methylation, read_annotation

BETA = pd.DataFrame(
    {"cg1": [0.1, 0.2], "cg2": [0.3, np.nan], "cg3": [0.8, 0.9], "cg4": [0.5, 0.5]}, ["P1", "P2"]
)
ANNOTATION = pd.DataFrame(
    {
        "probe": ["cg1", "cg2", "cg3", "cg9"],
        "gene": ["A;A;B", "A", "B", "C"],
        "region": ["TSS200;Body;Body", "1stExon", "5'UTR", "Body"],
    }
)


def test_mean_of_all_probes_of_a_gene() -> None:
    table, exclusions = gene_methylation(Layer("methylation", BETA, "beta"), ANNOTATION)
    assert list(table.columns) == ["A", "B"]
    np.testing.assert_allclose(table["A"], [0.2, 0.2])
    np.testing.assert_allclose(table["B"], [0.45, 0.55])
    assert [
        (exclusion.count, exclusion.reason, exclusion.examples) for exclusion in exclusions
    ] == [(1, "probes missing from the annotation", ("cg4",))]


def test_promoter_is_the_region_of_that_gene() -> None:
    table, exclusions = gene_methylation(BETA, ANNOTATION, level="promoter", name="dna")
    # cg1 lies in the promoter of A and in the body of B.
    np.testing.assert_allclose(table["A"], [0.2, 0.2])
    np.testing.assert_allclose(table["B"], [0.8, 0.9])
    assert {exclusion.layer for exclusion in exclusions} == {"dna"}
    body = ANNOTATION.assign(region=["Body;Body;Body", "Body", "3'UTR", "Body"])
    with pytest.raises(CohortError, match="none of the 4 probes"):
        gene_methylation(BETA, body, level="promoter")


def test_a_gene_most_of_whose_probes_are_missing_has_no_value() -> None:
    annotation = pd.DataFrame({"probe": list(BETA), "gene": ["A", "A", "A", ""]})
    holed = BETA.assign(cg1=[0.1, np.nan])
    table, exclusions = gene_methylation(holed, annotation)
    np.testing.assert_allclose(table["A"], [0.4, np.nan])
    assert [(exclusion.what, exclusion.count) for exclusion in exclusions] == [
        ("features", 1),
        ("values", 1),
    ]
    assert exclusions[0].reason == "probes in no gene"
    assert exclusions[1].examples == ("A",)


def test_illumina_manifests_are_read_as_they_come(tmp_path: Path) -> None:
    file = tmp_path / "HumanMethylation450.csv"
    file.write_text(
        "Illumina, Inc.,,\n[Heading],,\nDescriptor File Name,x,\n[Assay],,\n"
        "IlmnID,Name,UCSC_RefGene_Name,UCSC_RefGene_Group\n"
        "cg1_TC11,cg1,A;A;B,TSS200;Body;Body\ncg2_BC11,cg2,A,1stExon\ncg3_BC11,cg3,,\n"
        "[Controls],,,\n12345,Staining,,\n"
    )
    # EPIC v2 has other identifiers in IlmnID than in Name: those of the layer are taken.
    found = read_annotation(file, ["cg1", "cg2"])
    assert found.has_regions
    assert found.genes["cg1"] == [("A", frozenset({"tss200", "body"})), ("B", frozenset({"body"}))]
    assert found.genes["cg3"] == []
    assert "cg1_TC11" in read_annotation(file, ["cg1_TC11"]).genes


def test_maps_of_xena_are_read(tmp_path: Path) -> None:
    file = tmp_path / "probeMap.tsv"
    file.write_text("#id\tgene\tchrom\ncg1\tA,B\tchr1\ncg2\t.\tchr2\n")
    found = read_annotation(file)
    assert [gene for gene, _ in found.genes["cg1"]] == ["A", "B"]
    assert found.genes["cg2"] == []
    assert not found.has_regions


@pytest.mark.parametrize(
    ("annotation", "level", "match"),
    [
        (ANNOTATION, "exon", "level = 'exon' is not known"),
        (ANNOTATION.drop(columns="region"), "promoter", "needs the region of each probe"),
        (ANNOTATION.rename(columns={"gene": "locus"}), "gene", "no column for its genes"),
        (ANNOTATION.rename(columns={"probe": "x"}), "gene", "no column for the probe"),
        (
            ANNOTATION.assign(region=["TSS200", "Body", "Body", "Body"]),
            "gene",
            "3 genes .A;A;B. and 1 regions",
        ),
        (
            pd.concat([ANNOTATION, ANNOTATION.iloc[[0]].assign(gene="Z", region="Body")]),
            "gene",
            "probe 'cg1' more than once",
        ),
        (ANNOTATION.assign(probe=["x1", "x2", "x3", "x4"]), "gene", "for another array"),
    ],
)
def test_annotations_that_cannot_be_used_are_refused(
    annotation: pd.DataFrame, level: str, match: str
) -> None:
    with pytest.raises(CohortError, match=match):
        gene_methylation(BETA, annotation, level=level)


def test_files_cut_short_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "cut.tsv"
    file.write_text("probe\tgene\ncg1\n")
    with pytest.raises(CohortError, match="row 2 has 1 fields and the header 2"):
        read_annotation(file)
    file.write_text("probe\tgene\n")
    with pytest.raises(CohortError, match="has no rows"):
        read_annotation(file)
    with pytest.raises(CohortError, match="does not exist"):
        read_annotation(tmp_path / "none.tsv")


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(8)), st.permutations(range(8)))
def test_order_of_probes_changes_no_bit(columns: list[int], rows: list[int]) -> None:
    values = np.random.default_rng(0).random((5, 8))
    table = pd.DataFrame(values, columns=[f"cg{i}" for i in range(8)])
    annotation = pd.DataFrame({"probe": table.columns, "gene": ["A", "B", "A;B", "A"] * 2})
    first, _ = gene_methylation(table, annotation)
    second, _ = gene_methylation(table.iloc[:, columns], annotation.iloc[rows])
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert first.min(axis=None) >= values.min()
    assert first.max(axis=None) <= values.max()


def written(folder: Path, extra: str, kind: str = "methylation") -> Path:
    BETA.rename_axis("patient").to_csv(folder / "beta.tsv", sep="\t")
    ANNOTATION.to_csv(folder / "probes.tsv", sep="\t", index=False)
    scale = 'scale = "beta"\n' if kind == "methylation" else ""
    (folder / "cohort.toml").write_text(
        f'name = "toy"\n[layers.dna]\nfile = "beta.tsv"\nkind = "{kind}"\n{scale}{extra}'
    )
    return folder / "cohort.toml"


def test_the_manifest_names_annotation_and_level(tmp_path: Path) -> None:
    path = written(tmp_path, 'annotation = "probes.tsv"\nlevel = "promoter"\n')
    assert [file.name for file in read_manifest(path).files()] == ["beta.tsv", "probes.tsv"]
    cohort = read_cohort(path)
    layer = cohort.omics["dna"]
    assert (layer.kind, layer.scale, list(layer.table)) == ("methylation", "beta", ["A", "B"])
    np.testing.assert_allclose(layer.table["B"], [0.8, 0.9])
    assert ("read", "dna", 1) in [
        (exclusion.step, exclusion.layer, exclusion.count) for exclusion in cohort.exclusions
    ]
    every = read_cohort(written(tmp_path, 'annotation = "probes.tsv"\n'))
    np.testing.assert_allclose(every.omics["dna"].table["B"], [0.45, 0.55])


@pytest.mark.parametrize(
    ("extra", "kind", "match"),
    [
        (
            'annotation = "probes.tsv"\nlevel = "promotor"\n',
            "methylation",
            "did you mean .promoter",
        ),
        ('level = "promoter"\n', "methylation", "needs annotation"),
        ('annotation = "probes.tsv"\n', "protein", "to layers of kind = .methylation"),
        ('annotation = "none.tsv"\n', "methylation", "none.tsv does not exist"),
    ],
)
def test_manifests_that_contradict_themselves_are_refused(
    tmp_path: Path, extra: str, kind: str, match: str
) -> None:
    with pytest.raises(CohortError, match=match):
        read_cohort(written(tmp_path, extra, kind))


def test_faults_of_the_table_name_the_layer(tmp_path: Path) -> None:
    path = written(tmp_path, 'annotation = "probes.tsv"\nlevel = "promoter"\n')
    ANNOTATION.drop(columns="region").to_csv(tmp_path / "probes.tsv", sep="\t", index=False)
    with pytest.raises(CohortError, match=r'layer "dna" .beta.tsv.: level = "promoter" needs'):
        read_cohort(path)
