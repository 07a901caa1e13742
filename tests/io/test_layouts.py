"""Layouts of sources: recognised from what a file holds, or named as no table of patients."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.io import read_cohort, read_maf
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Wanted
from omicsfuse.io.layouts.mutations import mutated
from omicsfuse.io.repeats import one_feature_each, read_sample_map, to_mapped_patients
from omicsfuse.io.tables import MISSING_WORDS, arranged_table

SERIES = (
    '!Series_title\t"x"\n!Sample_title\t"T 1"\t"T 2"\n!Sample_geo_accession\t"GSM1"\t"GSM2"\n'
    '!Sample_characteristics_ch1\t"age: 61"\t"gender: female"\n'
    '!Sample_characteristics_ch1\t"gender: male"\t"os: 5.5"\n!Sample_contact_name\t"x"\t"x"\n'
    '!series_matrix_table_begin\n"ID_REF"\t"GSM1"\t"GSM2"\n"p_at"\t1.5\t2\n"q_at"\t3\t4\n'
    "!series_matrix_table_end\n"
)
VALUES = {"P1": [1.5, 3.0], "P2": [2.0, 4.0]}


def read(path: Path, text: str, **wanted: Any) -> Arranged:
    path.write_text(text)
    return arranged_table(path, Wanted(missing_words=MISSING_WORDS, **wanted))


@pytest.mark.parametrize(
    ("text", "kind", "features", "note"),
    [
        (
            "#1.2\n2\t2\nNAME\tDescription\tP1\tP2\nA\tx\t1.5\t2\nB\tx\t3\t4\n",
            "expression",
            ["A", "B"],
            "GCT",
        ),
        (
            "#1.3\n2\t2\t1\t2\nid\tx\tP1\tP2\nage\tna\t6\t4\nsex\tna\tm\tf\nA\tx\t1.5\t2\nB\tx\t3\t4\n",
            "expression",
            ["A", "B"],
            "GCT",
        ),
        (
            "Hugo_Symbol\tEntrez_Gene_Id\tP1\tP2\nA\t1\t1.5\t2\n\t9\t3\t4\n",
            "expression",
            ["A", "9"],
            "1 genes without a symbol",
        ),
        (
            "ENTITY_STABLE_ID\tNAME\tDESCRIPTION\tURL\tP1\tP2\nA\tn\td\tu\t1.5\t2\nB\tn\td\tu\t3\t4\n",
            "continuous",
            ["A", "B"],
            "cBioPortal matrix",
        ),
        (
            "Geneid\tChr\tStart\tEnd\tStrand\tLength\t/x/P1.bam\tP2.sorted.bam\n"
            "A\t1;1\t1;2\t2;3\t+;+\t5\t1.5\t2\nB\t1\t1\t2\t+\t5\t3\t4\n",
            "expression",
            ["A", "B"],
            "featureCounts",
        ),
        (
            "gene_id\tgene_name\tP1\tP2\nE1\tA\t1.5\t2\nE2\tB\t3\t4\n",
            "expression",
            ["E1", "E2"],
            'for symbols: patient = "gene_name"',
        ),
        (
            "Gene Symbol\tLocus ID\tCytoband\tP1\tP2\nA\t1\t1p\t1.5\t2\nB\t2\t2q\t3\t4\n",
            "copy_number",
            ["A", "B"],
            "GISTIC",
        ),
        (
            "Hybridization REF\tP1\tP1\tP2\tP2\nComposite Element REF\tBeta_value\tChromosome\t"
            "Beta_value\tChromosome\nA\t1.5\t1\t2\t1\nB\t3\t2\t4\t2\n",
            "methylation",
            ["A", "B"],
            'column "Beta_value" of each sample',
        ),
        (
            ",A (1),B (2)\nP1,1.5,3\nP2,2,4\n",
            "expression",
            ["A", "B"],
            "symbol (number)",
        ),
    ],
)
def test_tables_of_molecules(
    tmp_path: Path, text: str, kind: str, features: list[str], note: str
) -> None:
    arranged = read(tmp_path / "a.txt", text, kind=kind)
    assert list(arranged.table) == features
    assert {name: row.tolist() for name, row in arranged.table.iterrows()} == VALUES
    assert note in "; ".join(arranged.notes)


def test_another_column_may_name_the_genes(tmp_path: Path) -> None:
    text = "#1.2\n2\t2\nNAME\tDescription\tP1\tP2\nE1\tTP53\t1.5\t2\nE2\tEGFR\t3\t4\n"
    arranged = read(tmp_path / "a.gct", text, kind="expression", patient="Description")
    assert list(arranged.table) == ["TP53", "EGFR"]
    assert list(arranged.table.index) == ["P1", "P2"]


def test_a_series_matrix_holds_a_layer_and_what_is_said_of_samples(tmp_path: Path) -> None:
    assert list(read(tmp_path / "s.txt", SERIES, kind="expression").table) == ["p_at", "q_at"]
    table = read(tmp_path / "s.txt", SERIES, label="clinical").table
    assert list(table) == ["title", "age", "gender", "os"]
    assert table["gender"].to_dict() == {"GSM1": "male", "GSM2": "female"}
    assert table.loc["GSM1", "age"] == 61
    empty = SERIES.replace('"p_at"\t1.5\t2\n"q_at"\t3\t4\n', "")
    with pytest.raises(CohortError, match="without a table"):
        read(tmp_path / "s.txt", empty, kind="expression")


def test_lesions_of_gistic_have_losses_below_zero(tmp_path: Path) -> None:
    head = "Unique Name\tDescriptor\tW\tP\tR\tq\tr\tB\tAmplitude Threshold\tP1\tP2\t\n"
    rows = [
        f"{kind} Peak  1{end}\t1q\tw\tp\tr\t0\t0\tBroad\t0\t{a}\t{b}\t\n"
        for kind, end, a, b in (
            ("Amplification", "", 2, 0),
            ("Deletion", "", 0, 1),
            ("Amplification", " - CN values", 0.9, 0.1),
            ("Deletion", " - CN values", 0.1, -0.8),
        )
    ]
    text = head + "".join(rows)
    levels = read(tmp_path / "l.txt", text, kind="copy_number").table
    assert levels.to_dict("list") == {"Amplification Peak 1": [2, 0], "Deletion Peak 1": [0, -1]}
    values = read(tmp_path / "l.txt", text, kind="copy_number", column="values").table
    assert values.loc["P2"].tolist() == [0.1, -0.8]


def test_a_merged_clinical_table_of_firehose_lies_on_its_side(tmp_path: Path) -> None:
    text = (
        "admin.batch\t1.61.0\t1.61.0\npatient.age\t61\t47\n"
        "patient.bcr_patient_barcode\ttcga-a\ttcga-b\n"
    )
    table = read(tmp_path / "c.txt", text, label="clinical").table
    assert table["patient.age"].to_dict() == {"TCGA-A": 61, "TCGA-B": 47}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\nP1\t1\t5\t9\t3\t0.5\n", "segments"),
        ("PATIENT_ID\tSTART_DATE\tSTOP_DATE\tEVENT_TYPE\nP1\t0\t5\tX\n", "a timeline"),
        ("Sample_Id\tSite1_Hugo_Symbol\tSite2_Hugo_Symbol\nP1\tA\tB\n", "structural variants"),
        ("id\tgene\tchrom\tchromStart\tchromEnd\tstrand\nE\tA\t1\t5\t9\t+\n", "a map of probes"),
        ("^DATABASE = GeoMiame\n!x = y\n", "a SOFT file.*series matrix"),
        ("^Annotation\n!x = y\n", "an annotation of a platform"),
    ],
)
def test_what_is_no_table_of_patients_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CohortError, match=rf'{message}.*format = "table"'):
        read(tmp_path / "a.txt", text, kind="continuous")


def test_names_and_patterns_are_dropped_from_rows_too(tmp_path: Path) -> None:
    text = "gene\tP1\tP2\nERCC-1\t5\t6\nERCC-2\t5\t6\nV[mm3]\t1\t2\nA\t5\t7\n"
    wanted = {"kind": "expression", "orientation": ORIENTATIONS[1]}
    arranged = read(tmp_path / "a.tsv", text, drop_columns=("ERCC-*", "V[mm3]"), **wanted)
    assert list(arranged.table) == ["A"]
    assert [(e.count, e.reason) for e in arranged.exclusions] == [(3, "named in drop_columns")]
    with pytest.raises(CohortError, match=r'drop_columns names "SPIKE\*"'):
        read(tmp_path / "a.tsv", text, drop_columns=("SPIKE*",), **wanted)


@pytest.mark.parametrize(
    ("how", "expected"),
    [("mean", 2.0), ("median", 2.0), ("sum", 4.0), ("first", 1.0), ("max_variance", 3.0)],
)
def test_features_of_one_name_are_joined_by_rule(how: str, expected: float) -> None:
    table = pd.DataFrame([[1.0, 3.0, 5.0], [1.0, 9.0, 5.0]], ["P1", "P2"], ["A", "A", "B"])
    joined, exclusions = one_feature_each(table, how, "x", (), "x")
    assert list(joined) == ["A", "B"]
    assert joined.loc["P1", "A"] == expected
    assert exclusions[0].count == 1


def test_samples_are_mapped_to_patients_primary_first(tmp_path: Path) -> None:
    path = tmp_path / "samples.txt"
    path.write_text(
        "#Sample\tPatient\tType\n#STRING\tSTRING\tSTRING\n#1\t1\t1\n"
        "SAMPLE_ID\tPATIENT_ID\tSAMPLE_TYPE\nS1\tP1\tMetastasis\nS2\tP1\tPrimary\n"
        "S3\tP2\tMetastasis\nS4\tP3\tSolid Tissue Normal\n"
    )
    table = pd.DataFrame({"A": [1.0, 2.0, 3.0, 4.0, 5.0]}, ["S1", "S2", "S3", "S4", "P9"])
    mapped, exclusions = to_mapped_patients(table, read_sample_map(path), "x")
    assert mapped["A"].to_dict() == {"P1": 2.0, "P2": 3.0, "P9": 5.0}
    assert sorted(e.count for e in exclusions) == [1, 1]
    path.write_text("SAMPLE_ID\tPATIENT_ID\nS1\tP1\nS1\tP2\n")
    with pytest.raises(CohortError, match='"S1" is in several rows'):
        read_sample_map(path)
    path.write_text("SAMPLE_ID\tAGE\nS1\t5\n")
    with pytest.raises(CohortError, match="there is none of patients"):
        read_sample_map(path)


def test_cells_that_name_a_mutation_are_mutated() -> None:
    table = pd.DataFrame(
        {"TP53": ["p.R175H", None, "WT"], "EGFR": [None, None, "MUT"]}, ["P1", "P2", "P3"]
    )
    numbers, note = mutated(table)
    assert numbers.loc["P1"].tolist() == [1.0, 0.0]
    assert numbers.loc["P2"].isna().all()
    assert numbers.loc["P3"].tolist() == [0.0, 1.0]
    assert "mutated" in note
    plain = pd.DataFrame({"TP53": [0.0, 1.0]})
    assert mutated(plain) == (plain, "")


@pytest.mark.parametrize(
    "text",
    [
        "stable_id: x\ncase_list_ids: P1\tP2\tP3\n",
        "P1\nP2\nP3\n",
        "P1,P2,P3",
        "P1 P2 P3\n",
        "# who\nP1; P2\nP3\n",
    ],
)
def test_lists_of_those_sequenced_and_mafs_of_other_sources(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.txt").write_text(text)
    rows = ["sample,gene,effect", "P1,TP53,missense_variant;splice_region_variant"]
    maf = "\n".join([*rows, "P2,TTN,synonymous_variant\n"])
    (tmp_path / "m.csv").write_text(maf)
    table = read_maf(tmp_path / "m.csv", sequenced=tmp_path / "list.txt")
    assert table.to_dict() == {"TP53": {"P1": 1.0, "P2": 0.0, "P3": 0.0}}


def test_sequenced_patients_whom_no_table_knows_are_named(tmp_path: Path) -> None:
    (tmp_path / "m.maf").write_text(
        "Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\nA\tMissense_Mutation\tP0\n"
    )
    rows = "".join(f"P{i}\t{i}.5\t{i * i / 9:.3f}\n" for i in range(10))
    (tmp_path / "e.tsv").write_text("patient\tA\tB\n" + rows)
    (tmp_path / "c.toml").write_text(
        'name = "c"\n[layers.m]\nfile = "m.maf"\nkind = "mutation"\nsequenced = ["P1", "Q7"]\n'
        '[layers.e]\nfile = "e.tsv"\nkind = "expression"\n'
    )
    with pytest.warns(OmicsfuseWarning, match='1 patient whom sequenced names.*"Q7"'):
        read_cohort(tmp_path / "c.toml")
