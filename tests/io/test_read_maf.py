"""MAF files: silent variants, patients without a mutation, several samples of a patient."""

from pathlib import Path

import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort, Exclusion, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.io import read_cohort, read_maf
from omicsfuse.io.maf import SILENT_CLASSES

HEADER = "Hugo_Symbol\tChromosome\tVariant_Classification\tTumor_Sample_Barcode"


def _maf(folder: Path, *variants: str, head: str = HEADER) -> Path:
    path = folder / "m.maf"
    rows = ["\t".join([gene, "1", kind, sample]) for gene, kind, sample in map(str.split, variants)]
    path.write_text("\n".join(["#version 2.4", head, *rows]) + "\n")
    return path


def test_silent_variants_do_not_count_but_their_patients_stay(tmp_path: Path) -> None:
    path = _maf(
        tmp_path,
        "TP53 Missense_Mutation P2",
        "TP53 Nonsense_Mutation P2",
        "TTN Silent P1",
        "KRAS 3'UTR P2",
        "EGFR Frame_Shift_Del P3",
    )
    exclusions: list[Exclusion] = []
    table = read_maf(path, exclusions=exclusions)
    assert table.to_dict("index") == {
        "P1": {"EGFR": 0, "TP53": 0},
        "P2": {"EGFR": 0, "TP53": 1},
        "P3": {"EGFR": 1, "TP53": 0},
    }
    assert [(exclusion.what, exclusion.count, exclusion.examples) for exclusion in exclusions] == [
        ("variants", 2, ("3'UTR", "Silent"))
    ]
    everything = read_maf(path, silent=True)
    assert everything.columns.tolist() == ["EGFR", "KRAS", "TP53", "TTN"]
    assert everything.loc["P1", "TTN"] == 1


@pytest.mark.parametrize("kind", SILENT_CLASSES)
def test_every_silent_class(tmp_path: Path, kind: str) -> None:
    table = read_maf(_maf(tmp_path, f"TTN {kind} P1", "TP53 Splice_Site P2"))
    assert table.columns.tolist() == ["TP53"]
    assert table.index.tolist() == ["P1", "P2"]


def test_sequenced_patients_without_any_variant(tmp_path: Path) -> None:
    path = _maf(tmp_path, "TP53 Missense_Mutation TCGA-BA-4074-01A-01D-1434-08")
    names = ["TCGA-BA-4074", "TCGA-BA-4075-01A"]
    (tmp_path / "sequenced.txt").write_text("# all\n" + "\n".join(names) + "\n\n")
    for sequenced in (names, tmp_path / "sequenced.txt"):
        table = read_maf(path, sequenced=sequenced)
        assert table["TP53"].to_dict() == {"TCGA-BA-4074": 1.0, "TCGA-BA-4075": 0.0}


def test_one_sample_of_a_patient_is_read(tmp_path: Path) -> None:
    path = _maf(
        tmp_path,
        "TP53 Missense_Mutation TCGA-BA-4074-06A-01D-1434-08",
        "KRAS Missense_Mutation TCGA-BA-4074-01A-01D-1434-08",
        "EGFR Missense_Mutation TCGA-BA-4074-10A-01D-1434-08",
    )
    exclusions: list[Exclusion] = []
    table = read_maf(path, exclusions=exclusions)
    assert table.to_dict("index") == {"TCGA-BA-4074": {"KRAS": 1.0}}
    assert [(exclusion.what, exclusion.count) for exclusion in exclusions] == [
        ("samples", 1),
        ("samples", 1),
    ]


def test_variants_without_a_gene_are_counted(tmp_path: Path) -> None:
    exclusions: list[Exclusion] = []
    read_maf(
        _maf(tmp_path, "Unknown Missense_Mutation P1", "NA Splice_Site P1", ". IGR P2"),
        exclusions=exclusions,
    )
    assert [(exclusion.count, exclusion.reason) for exclusion in exclusions] == [
        (2, "variants without a gene")
    ]


def test_unknown_classes_count_with_a_warning(tmp_path: Path) -> None:
    path = _maf(tmp_path, "TP53 Odd P1", "KRAS missense_mutation P1")
    with pytest.warns(OmicsfuseWarning, match=r'm\.maf: unknown variant classes "Odd" are counted'):
        assert read_maf(path).shape == (1, 2)


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(
        CohortError,
        match=r'"Tumor_Sample_Barcode" is missing.*"Tumor_Sample"',
    ):
        read_maf(_maf(tmp_path, head=HEADER.removesuffix("_Barcode")))
    with pytest.raises(CohortError, match="header but no variants"):
        read_maf(_maf(tmp_path))
    with pytest.raises(CohortError, match=r"no variant counts.*\"Silent\".*silent = true"):
        read_maf(_maf(tmp_path, "TTN Silent P1"))
    path = _maf(tmp_path, "TP53 Missense_Mutation P1")
    path.write_text(path.read_text() + "TP53\t1\tSilent\t\n")
    with pytest.raises(CohortError, match=r"1 variant without a sample.*in variant 2"):
        read_maf(path)
    path.write_text(f"{HEADER}\nTP53\t1\tSilent\tP1\tx\ty\n\n")
    with pytest.raises(CohortError, match=r"m\.maf"):
        read_maf(path)


def test_a_maf_with_a_renamed_column_is_told(tmp_path: Path) -> None:
    head = HEADER.replace("Variant_Classification", "VariantClass")
    path = _maf(tmp_path, "TP53 Missense_Mutation P1", head=head)
    manifest = tmp_path / "m.toml"
    for name in ("m.maf", "m.tsv"):
        path = path.rename(tmp_path / name)
        manifest.write_text(f'name = "m"\n[layers.m]\nfile = "{name}"\nkind = "mutation"\n')
        with pytest.raises(
            CohortError,
            match=r'"Variant_Classification" is missing; did you me',
        ):
            read_cohort(manifest)
    path.write_text("#version 2.4\ngene\tsample\nTP53\tP1\n")
    path.rename(tmp_path / "m.maf")
    manifest.write_text('name = "m"\n[layers.m]\nfile = "m.maf"\nkind = "mutation"\n')
    with pytest.raises(
        CohortError,
        match=r'"Tumor_Sample_Barcode" are missing.*format = '
        r'"table',
    ):
        read_cohort(manifest)


def test_a_manifest_tells_a_maf_from_a_table(tmp_path: Path) -> None:
    _maf(tmp_path, "TP53 Missense_Mutation P1", "1-Mar Silent P2")
    manifest = tmp_path / "m.toml"
    text = 'name = "m"\n[layers.mutation]\nfile = "m.maf"\nkind = "mutation"\n'
    manifest.write_text(text)
    assert read_cohort(manifest).omics["mutation"].table["TP53"].tolist() == [1, 0]
    manifest.write_text(text + 'silent = true\nrename_features = {"1-Mar" = "MARC1"}\n')
    assert list(read_cohort(manifest).omics["mutation"].table) == ["MARC1", "TP53"]
    manifest.write_text(text + 'sequenced = ["P7", "P8"]\ndrop_features = ["TP53"]\nsilent = true')
    with pytest.raises(CohortError, match='turned gene symbols into dates: "1-Mar"'):
        read_cohort(manifest)
    manifest.write_text(text + 'format = "table"\nsilent = true')
    with pytest.raises(CohortError, match="sequenced and silent apply only to MAF files"):
        read_cohort(manifest)


def _with_reads(folder: Path, head: str, *rows: str) -> Path:
    path = folder / "reads.maf"
    lines = [f"{HEADER}\t{head}", *(row.replace(" ", "\t") for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_read_counts_of_all_variants_are_kept_beside_the_table(tmp_path: Path) -> None:
    _with_reads(
        tmp_path,
        "t_depth\tt_ref_count\tt_alt_count",
        "TP53 1 Missense_Mutation TCGA-AA-0001-01A 40 30 10",
        "TTN 1 Silent TCGA-AA-0001-01A . 15 5",  # depth is the sum of both
        "KRAS 1 Missense_Mutation TCGA-AA-0001-01A 20 . .",  # no count of the mutation
        "EGFR 1 Missense_Mutation TCGA-AA-0002-01A 8 4 9",  # more than all reads
        "EGFR 1 Missense_Mutation TCGA-AA-0003-01A 10 5 5",  # not in the clinical table
        "MYC 1 Missense_Mutation TCGA-AA-0002-01A 10 8 2",
    )
    (tmp_path / "clinical.tsv").write_text("patient\tage\nTCGA-AA-0001\t60\nTCGA-AA-0002\t70\n")
    (tmp_path / "m.toml").write_text(
        'name = "m"\n[clinical]\nfile = "clinical.tsv"\n'
        '[layers.mutation]\nfile = "reads.maf"\nkind = "mutation"\n'
    )
    cohort = read_cohort(tmp_path / "m.toml")
    variants = cohort.omics["mutation"].variants
    assert variants is not None
    assert variants.to_dict("list") == {
        "patient": ["TCGA-AA-0001", "TCGA-AA-0001", "TCGA-AA-0002"],
        "t_alt_count": [5, 10, 2],
        "t_depth": [20, 40, 10],
    }
    counted = [one for one in cohort.exclusions if "allele fraction" in one.reason]
    assert [(one.what, one.count) for one in counted] == [("variants", 1)]


@pytest.mark.parametrize("head", ["t_alt_count", "t_depth", "t_depth\tt_ref_count"])
def test_without_both_counts_there_are_none(tmp_path: Path, head: str) -> None:
    _with_reads(tmp_path, head, "TP53 1 Missense_Mutation P1 5" + " 5" * head.count("\t"))
    (tmp_path / "m.toml").write_text(
        'name = "m"\n[layers.mutation]\nfile = "reads.maf"\nkind = "mutation"\n'
    )
    assert read_cohort(tmp_path / "m.toml").omics["mutation"].variants is None


def test_variants_belong_to_mutations() -> None:
    table = pd.DataFrame({"A": [0.0, 1.0]}, ["P1", "P2"])
    variants = pd.DataFrame({"patient": ["P1"], "t_alt_count": [3], "t_depth": [9]})
    with pytest.raises(CohortError, match="belong to kind 'protein'"):
        Cohort("x", {"p": Layer("protein", table, variants=variants)})
    with pytest.raises(CohortError, match='lack "t_depth"'):
        Cohort("x", {"m": Layer("mutation", table, variants=variants.drop(columns="t_depth"))})
