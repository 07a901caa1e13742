"""A manifest and a study drafted from files as they are."""

import os
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.cli import main
from omicsfuse.core.errors import StudyError
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.pipeline.drafting import Draft, draft, seen
from omicsfuse.pipeline.drafting.columns import covariates_of, labels_of, technical_of
from omicsfuse.pipeline.drafting.endpoints import endpoints_of

GENES = [
    "TP53",
    "EGFR",
    "KRAS",
    "PTEN",
    "RB1",
    "MYC",
    "CDKN2A",
    "BRAF",
    "NF1",
    "ATM",
    "A1BG",
    "A2M",
    "AAMP",
    "ABCA1",
    "ACTA2",
    "ADA",
    "ALB",
    "APOE",
    "B2M",
    "CCL5",
    "CD4",
    "CXCL9",
    "FOXP3",
    "GZMB",
    "IL6",
    "MKI67",
    "SOX2",
    "VIM",
    "ZEB1",
    "XIST",
]
#: None of them is a landmark: they tell by how they are made.
OTHERS = [
    "IGF2",
    "DLK1",
    "CYP17A1",
    "STAR",
    "NPTX2",
    "SERPINA5",
    "CYP21A2",
    "SULT2A1",
    "CYP11A1",
    "SNCG",
    "MGARP",
    "HSPB6",
    "GSTA1",
    "TUBB4A",
    "NR5A1",
    "MT3",
    "TBX3",
    "REEP6",
    "BEX1",
    "FAM166B",
    "INHA",
    "KCNK3",
    "PEG3",
    "C7",
    "CHGB",
]
PATIENTS = [f"P-{i:04d}" for i in range(1, 41)]
BARCODES = [f"TCGA-AB-{i:04d}" for i in range(1001, 1041)]
RNG = np.random.default_rng(0)
VALUES = np.exp(RNG.normal(5, 2, (40, 30))).round(3)


def expression(names: list[str] = PATIENTS, genes: list[str] = GENES) -> pd.DataFrame:
    return pd.DataFrame(VALUES[: len(names), : len(genes)], names, genes)


def clinical(names: list[str] = PATIENTS) -> pd.DataFrame:
    n = len(names)
    return pd.DataFrame(
        {
            "PATIENT_ID": names,
            "SEX": ["Male", "Female"] * (n // 2),
            "AGE": range(30, 30 + n),
            "OS_STATUS": ["0:LIVING", "1:DECEASED", "1:DECEASED", "0:LIVING"] * (n // 4),
            "OS_MONTHS": np.linspace(1, 90, n).round(2),
        }
    )


def write(folder: Path, name: str, table: pd.DataFrame, label: str = "sample") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    numbered = isinstance(table.index, pd.RangeIndex)
    table.to_csv(path, sep="\t", index=not numbered, index_label=None if numbered else label)


def drafted(folder: Path) -> tuple[Draft, dict]:
    """Draft a study of a folder with one cohort, and read its manifest."""
    made = draft([folder], folder / "draft")
    (manifest,) = made.manifests
    return made, tomllib.loads(manifest.read_text(encoding="utf-8"))


def test_a_folder_with_a_clinical_table_is_ready(tmp_path: Path) -> None:
    write(tmp_path, "rna.tsv", expression())
    write(tmp_path, "clin.tsv", clinical())
    made, manifest = drafted(tmp_path)
    assert (made.fault, made.questions) == ("", ())
    assert manifest["clinical"] == {
        "file": "../clin.tsv",
        # 20 events: age, then sex; there is no stage.
        "covariates": ["AGE", "SEX"],
        "endpoints": {"os": {"time": "OS_MONTHS", "event": "OS_STATUS", "unit": "months"}},
    }
    assert manifest["layers"] == {
        "expression": {
            "file": "../rna.tsv",
            "kind": "expression",
            "scale": "normalised_counts",
        }
    }
    cohort = read_cohort(made.manifests[0])
    assert cohort.omics["expression"].table.shape == (40, 30)


@pytest.mark.parametrize("genes", [GENES, OTHERS], ids=["landmarks", "made_like_symbols"])
def test_names_of_genes_tell_orientation_and_kind(tmp_path: Path, genes: list[str]) -> None:
    write(tmp_path, "e.tsv", expression(genes=genes).T)
    made, manifest = drafted(tmp_path)
    assert made.fault == ""
    layer = manifest["layers"]["expression"]
    assert layer["orientation"] == "features_by_patients"
    assert not any("kind" in question for question in made.questions)


def test_the_clinical_table_tells_the_orientation(tmp_path: Path) -> None:
    table = expression().set_axis([f"item {i}" for i in range(30)], axis=1)
    write(tmp_path, "values.tsv", table.T)
    write(tmp_path, "clin.tsv", clinical())
    made, manifest = drafted(tmp_path)
    assert manifest["layers"]["continuous"]["orientation"] == "features_by_patients"
    assert made.questions == (
        "values.tsv: of which kind is it? Nothing in its name or values tells for sure; it is "
        'taken as kind = "continuous".',
    )


def test_numbers_of_rows_are_passed_over(tmp_path: Path) -> None:
    """R and pandas write them before the patients, in layers and clinical tables."""
    for name, table in (
        ("clin.csv", clinical()),
        ("rna.csv", expression().rename_axis("who").reset_index()),
    ):
        table.index = pd.RangeIndex(1, 41)
        table.to_csv(tmp_path / name)
    made, manifest = drafted(tmp_path)
    assert made.fault == ""
    assert manifest["clinical"]["patient"] == "PATIENT_ID"
    assert manifest["layers"]["expression"]["patient"] == "who"
    assert read_cohort(made.manifests[0]).omics["expression"].table.shape == (40, 30)


def test_the_column_with_the_patients_is_found(tmp_path: Path) -> None:
    table = clinical()
    table.insert(0, "OTHER_ID", [f"x{i}" for i in range(40)])
    write(tmp_path, "clin.tsv", table)
    write(tmp_path, "rna.tsv", expression())
    made, manifest = drafted(tmp_path)
    assert made.fault == ""
    assert manifest["clinical"]["patient"] == "PATIENT_ID"


def test_a_study_of_cbioportal(tmp_path: Path) -> None:
    """One layer of each measurement, samples mapped, and what cannot be used is said."""
    samples = [f"{name}-T01" for name in PATIENTS]

    def matrix(values: np.ndarray) -> pd.DataFrame:
        table = pd.DataFrame(values.T, columns=samples)
        table.insert(0, "Hugo_Symbol", GENES)
        return table

    calls = RNG.integers(-2, 3, (40, 30))
    write(tmp_path, "data_mrna_seq_v2_rsem.txt", matrix(VALUES))
    write(tmp_path, "data_mrna_seq_v2_rsem_zscores_ref_all_samples.txt", matrix(calls / 2 + 0.1))
    write(tmp_path, "data_cna.txt", matrix(calls))
    write(tmp_path, "data_log2_cna.txt", matrix(calls / 2 + 0.01))
    write(tmp_path, "data_linear_cna.txt", matrix(2.0 ** (calls / 2)))
    variants = pd.DataFrame(
        {
            "Hugo_Symbol": GENES * 3,
            "Variant_Classification": "Missense_Mutation",
            "Tumor_Sample_Barcode": (samples * 3)[:90],
        }
    )
    write(tmp_path, "data_mutations.txt", variants)
    write(tmp_path, "data_timeline_treatment.txt", clinical()[["PATIENT_ID", "AGE"]])
    write(tmp_path, "data_clinical_patient.txt", clinical())
    mapped = pd.DataFrame({"PATIENT_ID": PATIENTS, "SAMPLE_ID": samples})
    write(tmp_path, "data_clinical_sample.txt", mapped)
    (tmp_path / "meta_study.txt").write_text("cancer_study_identifier: x\n")
    (tmp_path / "case_lists").mkdir()
    for name in ("all", "sequenced"):
        text = "cancer_study_identifier: x\ncase_list_ids: " + "\t".join(samples) + "\n"
        (tmp_path / "case_lists" / f"cases_{name}.txt").write_text(text)
    made, manifest = drafted(tmp_path)
    assert (made.fault, made.questions) == ("", ())
    assert manifest["clinical"]["sample_map"] == "../data_clinical_sample.txt"
    files = {name: layer["file"] for name, layer in manifest["layers"].items()}
    assert files == {
        "expression": "../data_mrna_seq_v2_rsem.txt",
        "mutation": "../data_mutations.txt",
        "copy_number": "../data_cna.txt",
    }
    assert manifest["layers"]["mutation"]["sequenced"] == "../case_lists/cases_sequenced.txt"
    text = made.manifests[0].read_text()
    assert "data_log2_cna.txt: the same features and patients as data_cna.txt" in text
    assert "#   data_linear_cna.txt: linear copy numbers" in text
    assert any(line.startswith("passed over") and "meta_study.txt" in line for line in made.told)
    assert list(read_cohort(made.manifests[0]).omics["mutation"].table.index) == PATIENTS


def test_files_of_xena(tmp_path: Path) -> None:
    samples = [f"{name}-01A" for name in BARCODES]
    names = pd.Index([f"ENSG000000{i:05d}.3" for i in range(30)], name="Ensembl_ID")
    for name in ("star_counts", "star_tpm"):
        logs = pd.DataFrame(np.log2(VALUES.T + 1), names, samples)
        write(tmp_path, f"TCGA-X.{name}.tsv", logs, "Ensembl_ID")
    copies = pd.DataFrame(RNG.integers(1, 5, (30, 40)), names, samples)
    write(tmp_path, "TCGA-X.gene-level_absolute.tsv", copies, "Ensembl_ID")
    survival = pd.DataFrame({"sample": samples, "OS": [0, 1] * 20, "OS.time": range(500, 540)})
    write(tmp_path, "TCGA-X.survival.tsv", survival)
    described = pd.DataFrame({"sample": samples, "gender.demographic": ["male", "female"] * 20})
    write(tmp_path, "TCGA-X.clinical.tsv", described)
    made, manifest = drafted(tmp_path)
    assert made.fault == ""
    assert [layer["file"] for layer in manifest["layers"].values()] == ["../TCGA-X.star_tpm.tsv"]
    assert manifest["clinical"]["endpoints"]["os"]["unit"] == "days"
    assert made.questions[0] == (
        'are the times of "OS.time" in days? Their names do not tell; the longest is 539, so days '
        "are assumed."
    )
    assert "describe the same patients, and one table is read" in made.questions[1]
    assert any("absolute or linear copy numbers" in line for line in made.told)


@pytest.mark.parametrize("base", ["star", "."], ids=["folder", "among_other_files"])
def test_a_folder_of_one_file_a_sample_is_one_layer(tmp_path: Path, base: str) -> None:
    """As the GDC gives them: each in a folder of its own, named by a sample sheet."""
    names = [f"{i:08x}-1111-1111-1111-111111111111" for i in range(12)]
    files = [f"{name}.rna_seq.augmented_star_gene_counts.tsv" for name in names]
    for i, file in enumerate(files):
        counts = pd.DataFrame(
            {
                "gene_id": [f"ENSG000000{j:05d}.3" for j in range(30)],
                "gene_name": GENES,
                "gene_type": "protein_coding",
                "unstranded": VALUES[i].round().astype(int),
                "tpm_unstranded": VALUES[i],
                "fpkm_unstranded": VALUES[i],
            }
        )
        write(tmp_path / base, f"{names[i]}/{file}", counts)
        variants = pd.DataFrame(
            {
                "Hugo_Symbol": GENES[:9],
                "Variant_Classification": "Missense_Mutation",
                "Tumor_Sample_Barcode": f"{BARCODES[i]}-01A",
            }
        )
        write(tmp_path / ("maf" if base == "star" else "."), f"{names[i]}/{i}.wxs.maf", variants)
    sheet = pd.DataFrame(
        {
            "File ID": names,
            "File Name": files,
            "Case ID": BARCODES[:12],
            "Sample ID": [f"{name}-01A" for name in BARCODES[:12]],
            "Sample Type": "Primary Tumor",
        }
    )
    write(tmp_path, "gdc_sample_sheet.2026-01-01.tsv", sheet)
    made, manifest = drafted(tmp_path)
    assert made.fault == ""
    layers = manifest["layers"]
    assert layers["expression"]["scale"] == "tpm"
    # MAFs among other files cannot be named as one folder.
    assert list(layers) == (["expression", "mutation"] if base == "star" else ["expression"])
    cohort = read_cohort(made.manifests[0])
    assert sorted(cohort.omics["expression"].table.index) == BARCODES[:12]
    told = "a MAF of one sample: put such files into a folder of their own"
    assert (told in " ".join(made.told)) == (base == ".")


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("HiSeqV2", np.log2(VALUES + 1), "expression"),
        ("all_data_by_genes.txt", RNG.normal(0, 0.5, (40, 30)), "copy_number"),
        ("broad_values_by_arm.txt", RNG.normal(0, 0.5, (40, 30)), "copy_number"),
        ("isoforms_mirna_quantification.txt", VALUES, "mirna"),
        ("m.tsv", RNG.choice(["", "p.R175H", "p.G12D"], (40, 30), p=[0.8, 0.1, 0.1]), "mutation"),
    ],
)
def test_kinds_by_names_of_portals_and_by_words(
    tmp_path: Path, name: str, values: np.ndarray, kind: str
) -> None:
    write(tmp_path, name, pd.DataFrame(values, BARCODES, GENES))
    made, manifest = drafted(tmp_path)
    assert list(manifest["layers"]) == [kind]
    assert made.fault == ""


def test_radiomics_are_told_by_their_names(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "INFO_PatientID": PATIENTS,
            "INFO_StudyDate": 20200101,
            "MORPHOLOGICAL_Volume(IBSI:RNU0)[mm3]": VALUES[:, 0],
            "INTENSITY-BASED_MeanIntensity(IBSI:Q4LE)[SUV]": VALUES[:, 1],
            "GLCM_Contrast(IBSI:ACUI)": VALUES[:, 2],
        }
    )
    write(tmp_path, "a.csv", table)
    assert list(drafted(tmp_path)[1]["layers"]) == ["radiomics"]


def test_repeated_names_are_a_question_and_a_comment(tmp_path: Path) -> None:
    table = expression().set_axis([*GENES[:-1], "TP53"], axis=1)
    write(tmp_path, "rna.tsv", table)
    made, manifest = drafted(tmp_path)
    assert made.questions == (
        'rna.tsv: 1 feature is there more than once (e.g. "TP53"): what is to be taken of each? '
        'Set duplicates in the manifest, as "mean" or "max_variance".',
    )
    assert "duplicate feature" in made.fault
    path = made.manifests[0]
    text = path.read_text().replace('# duplicates = "mean"', 'duplicates = "mean"')
    path.write_text(text)
    assert read_cohort(path).omics["expression"].table.shape == (40, 29)
    assert "duplicates" not in manifest["layers"]["expression"]


def test_an_event_whose_words_are_open_hides_nothing_else(tmp_path: Path) -> None:
    table = clinical().assign(OS_STATUS=[1, 2] * 20)
    write(tmp_path, "clin.tsv", table)
    write(tmp_path, "rna.tsv", expression())
    made, manifest = drafted(tmp_path)
    assert made.fault == ""
    assert "endpoints" not in manifest["clinical"]
    assert '# event_values = { "1" = ?, "2" = ? }' in made.manifests[0].read_text()
    (question,) = made.questions
    assert question.startswith('endpoint "os": does "1", "2" of column "OS_STATUS" mean the event')


def test_units_are_asked_once_for_all_endpoints(tmp_path: Path) -> None:
    table = pd.DataFrame({"who": PATIENTS})
    for name in ("os", "pfi", "dss"):
        table[f"{name}_time"], table[f"{name}_event"] = range(400, 440), [0, 1] * 20
    write(tmp_path, "clin.tsv", table)
    write(tmp_path, "rna.tsv", expression())
    made, manifest = drafted(tmp_path)
    assert list(manifest["clinical"]["endpoints"]) == ["os", "pfi", "dss"]
    (question,) = made.questions
    assert question.startswith('are the times of "os_time", "pfi_time", "dss_time" in days?')


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"days_to_death": "late", "days_to_last_follow_up": "time", "vital_status": "words"},
            "os",
        ),
        ({"Overall Survival (Months)": "time", "Overall Survival Status": "words"}, "os"),
        ({"local_control_in_days": "time", "event_local_control": "codes"}, "local_control"),
        ({"Progress Free Survival (Months)": "time", "age": "codes"}, ""),
        ({"time_months": "time", "time": "time", "event": "codes"}, "os"),
        ({"survival_time": "time", "survival_status": "codes"}, "os"),
        ({"RFS": "codes", "RFS.time": "time"}, "rfs"),
        # Everybody has a time to it only if it happened: no time to an event.
        ({"age_at_diagnosis_days": "time", "status": "words"}, ""),
    ],
)
def test_endpoints_by_their_columns(columns: dict[str, str], expected: str) -> None:
    cells = {
        "time": np.arange(10.0, 50.0),
        "late": np.where(np.arange(40) % 2, np.arange(10.0, 50.0), np.nan),
        "words": ["Alive", "Dead"] * 20,
        "codes": [0, 1] * 20,
    }
    found = endpoints_of(pd.DataFrame({name: cells[what] for name, what in columns.items()}))
    assert list(found) == ([expected] if expected else [])
    if "days_to_death" in columns:
        assert found["os"].time == ["days_to_death", "days_to_last_follow_up"]
        assert found["os"].meaning == {"Alive": 0, "Dead": 1}
    if "time_months" in columns:
        assert (found["os"].time, found["os"].unit) == (["time_months"], "months")


def test_covariates_are_few_and_known_and_no_outcome() -> None:
    table = pd.DataFrame(
        {
            "age": range(40),
            "sex": "male",
            "tumor_stage": ["I", "II"] * 20,
            "grade": [None] * 30 + ["G1", "G2"] * 5,
            "new_tumor_event": ["yes", "no"] * 20,
            "subtype_mrna": ["A", "B"] * 20,
            "centre": ["x", "y"] * 20,
            "batch_id": [f"b{i}" for i in range(40)],
        }
    )
    assert covariates_of(table, (), 20) == (["age", "tumor_stage"], [])
    assert covariates_of(table, (), 12) == (["age"], ["tumor_stage"])
    assert labels_of(table, ()) == ["subtype_mrna"]
    assert technical_of(table, ()) == ["centre"]


def test_nothing_is_written_over_and_nothing_left_of_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "rna.tsv", expression())
    out = tmp_path / "new" / "draft"
    with monkeypatch.context() as patched:

        def interrupted(study: Path) -> str:
            raise KeyboardInterrupt

        patched.setattr("omicsfuse.pipeline.drafting.drafts._fault", interrupted)
        with pytest.raises(KeyboardInterrupt):
            draft([tmp_path], out)
    assert not (tmp_path / "new").exists()
    draft([tmp_path], out)
    before = {path: path.read_text() for path in out.iterdir()}
    with pytest.raises(StudyError, match=r'holds "study.toml" already, and nothing'):
        draft([tmp_path], out)
    assert {path: path.read_text() for path in out.iterdir()} == before


def test_the_draft_beside_the_data_is_the_same_again(tmp_path: Path) -> None:
    """Drafts, results of runs and hidden files are not looked at."""
    write(tmp_path, "rna.tsv", expression())
    write(tmp_path, ".hidden/x.tsv", expression())
    write(tmp_path, "results/subtypes.tsv", clinical())
    for name in ("run.json", "index.tsv"):
        (tmp_path / "results" / name).write_text("{}")
    first = draft([tmp_path], tmp_path / "draft")
    again = draft([tmp_path], tmp_path / "draft2")
    assert first.told[0] == again.told[0]
    assert len(first.told) == 1
    assert first.manifests[0].read_text() == again.manifests[0].read_text()


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, "a/rna.tsv", expression())
    write(tmp_path, "b/rna.tsv", expression([f"Q{i}" for i in range(40)]))
    made = draft([tmp_path], tmp_path / "draft")
    assert [line.split(":")[0] for line in made.told] == ["a/rna.tsv", "b/rna.tsv"]
    assert [path.name for path in made.manifests] == ["cohort_1.toml", "cohort_2.toml"]
    assert 'external = ["cohort_2.toml"]' in made.study.read_text()


def test_a_long_file_is_told_by_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "rna.tsv", expression())
    monkeypatch.setattr(seen, "LOOKED_AT", 4000)
    made, _ = drafted(tmp_path)
    assert made.fault == ""
    assert "told by its first" in made.told[0]


@pytest.mark.parametrize("shape", ["empty", "words", "absent", "file"])
def test_places_without_data_are_refused(tmp_path: Path, shape: str) -> None:
    place, out = tmp_path / "data", tmp_path / "out"
    if shape != "absent":
        place.mkdir()
    if shape == "words":
        (place / "notes.txt").write_text("call the clinic\n")
    if shape == "file":
        write(place, "rna.tsv", expression())
        out.write_text("")
    said = {
        "empty": "there is no file with data",
        "words": "none of 1 file is a layer",
        "absent": "does not exist",
        "file": "is a file; expected a folder",
    }
    with pytest.raises(StudyError, match=said[shape]):
        draft([place], out)
    assert shape == "file" or not out.exists()


def test_the_command_says_what_it_found_and_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "rna.tsv", expression())
    write(tmp_path, "clin.tsv", clinical())
    main(["init", str(tmp_path), "--out", str(tmp_path / "ok")])
    said = capsys.readouterr().out
    assert "clin.tsv: the clinical table, 40 x 4" in said
    assert said.splitlines()[-1] == (
        f"ready to run: omicsfuse run {tmp_path / 'ok' / 'study.toml'} --out results"
    )
    write(tmp_path, "rna.tsv", expression().set_axis([*GENES[:-1], "TP53"], axis=1))
    with pytest.raises(SystemExit) as ended:
        main(["init", str(tmp_path), "--out", str(tmp_path / "asks")])
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert "question: rna.tsv: 1 feature is there more than once" in captured.out
    assert "the draft is not ready to run" in captured.err


#: Cases whose draft cannot be ready, and what `check` or the question says.
OPEN = {
    "cbio_expr_duplicates": "duplicate feature",
    "duplicates_dropped_by_name": "duplicate feature",
    "geo_multi_gene_names": "duplicate feature",
    "excel_error_cells": "#DIV/0!",
    "layer_missing_words": "<0.01",
    "mutation_matrix_counts": "Write 1 for any number of mutations",
    "pyrad_multiple_lesions": "duplicate patients",
}
#: Cases with no table at all that can be read, and why.
NONE = {
    "rds_file": "RDS file of R",
    "tar_gz": "tar archive",
    "h5ad_file": "cannot be read as .h5ad",
    "gdc_star_one_file": "one sample",
}
FOLDER = Path(os.environ.get("OMICSFUSE_DATA", "")).parent / "cases"
CASES = sorted(path.name for path in FOLDER.glob("*/")) if "OMICSFUSE_DATA" in os.environ else []


@pytest.mark.skipif(not CASES, reason="the collection of cases is not here")
@pytest.mark.parametrize("case", CASES)
def test_drafts_of_the_cases(case: str, tmp_path: Path) -> None:
    if case in NONE:
        with pytest.raises(StudyError, match=NONE[case]):
            draft([FOLDER / case], tmp_path)
        return
    made = draft([FOLDER / case], tmp_path)
    if case in OPEN:
        assert OPEN[case] in made.fault
    else:
        assert made.fault == ""
