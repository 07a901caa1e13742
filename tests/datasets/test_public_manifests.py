"""Manifests of public cohorts read tables in the layouts of their sources, once these are there."""

import gzip
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from omicsfuse.core.cohort import Cohort
from omicsfuse.datasets.cohorts import find_manifest
from omicsfuse.io import read_cohort

GENES = [f"GENE{i}" for i in range(30)]
RNG = np.random.default_rng(0)
TCGA = [f"TCGA-AB-{i:04d}" for i in range(20)]


def _rsem() -> float:
    return round(float(RNG.gamma(2, 300)), 3)


def _log2() -> float:
    return round(float(RNG.normal(8, 2)), 4)


def _gistic() -> int:
    return int(RNG.integers(-2, 3))


def _lines(rows: Iterable[Iterable[object]]) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def _genes(samples: list[str], value: Callable[[], float], *names: str) -> str:
    """A table of genes x samples, with an Entrez column if it has a name."""
    rows: list[list[object]] = [[*names, *samples]]
    for i, gene in enumerate(GENES):
        rows.append([gene, *([1000 + i] * (len(names) - 1)), *(value() for _ in samples)])
    return _lines(rows)


def _portal(columns: list[str], rows: list[list[object]]) -> str:
    """A clinical file of cBioPortal: four rows of comments, then the columns."""
    return _lines([["#" + columns[0].lower(), *columns[1:]]] * 4 + [columns, *rows])


def _mutations(samples: list[str]) -> str:
    head = ["Hugo_Symbol", "Entrez_Gene_Id", "Variant_Classification", "Tumor_Sample_Barcode"]
    rows = [[GENES[i % 30], 1, "Missense_Mutation", s] for i, s in enumerate(samples * 3)]
    return _lines([head, *rows])


def _read(
    name: str, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Cohort:
    """Read a shipped manifest, without its SHA-256, from files made here."""
    monkeypatch.setenv("OMICSFUSE_DATA", str(tmp_path))
    shipped = find_manifest(name)
    assert shipped.path is not None
    texts = [file.text for file in shipped.inputs()]
    for text in texts:
        path = tmp_path / text.partition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        content = files[path.name].encode()
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    manifest = tmp_path / "copy.toml"
    manifest.write_text(re.sub(r'(?m)^sha256 = "\w{64}"\n', "", shipped.path.read_text()))
    return read_cohort(manifest)


@pytest.mark.parametrize("code", ["hnsc", "luad", "gbm", "lgg", "kirc", "brca"])
def test_pancancer_atlas_of_cbioportal(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [f"{patient}-01" for patient in TCGA]
    columns = ["PATIENT_ID", "SUBTYPE", "AGE", "SEX", "AJCC_PATHOLOGIC_TUMOR_STAGE"]
    columns += ["OS_STATUS", "OS_MONTHS", "DSS_STATUS", "DSS_MONTHS", "PFS_STATUS", "PFS_MONTHS"]
    words = (
        ("0:LIVING", "0:ALIVE OR DEAD TUMOR FREE", "0:CENSORED"),
        ("1:DECEASED", "1:DEAD WITH TUMOR", "1:PROGRESSION"),
    )
    rows: list[list[object]] = []
    for i, patient in enumerate(TCGA):
        os, dss, pfs = words[i % 2]
        rows.append([patient, f"T{i % 3}", 40 + i, ["Male", "Female"][i % 2], "STAGE II"])
        rows[-1] += [os, 1.5 + i, dss if i else "", 1.5 + i, pfs, 1.2 + i]
    files = {
        "data_clinical_patient.txt": _portal(columns, rows),
        "data_mrna_seq_v2_rsem.txt": _genes(samples, _rsem, "Hugo_Symbol", "Entrez_Gene_Id"),
        "data_cna.txt": _genes(samples, _gistic, "Hugo_Symbol", "Entrez_Gene_Id"),
        "data_mutations.txt": _mutations(samples),
        "cases_sequenced.txt": "".join(f"{sample}\n" for sample in samples),
    }
    cohort = _read(f"tcga-{code}-cbioportal", files, tmp_path, monkeypatch)
    assert list(cohort.patients()) == TCGA
    shapes = {name: layer.table.shape for name, layer in cohort.omics.items()}
    assert shapes == {"expression": (20, 30), "copy_number": (20, 30), "mutation": (20, 30)}
    assert set(cohort.endpoints) == {"os", "dss", "pfs"}


def test_metabric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patients = [f"MB-{i:04d}" for i in range(20)]
    columns = ["PATIENT_ID", "AGE_AT_DIAGNOSIS", "OS_MONTHS", "OS_STATUS", "CLAUDIN_SUBTYPE"]
    columns += ["INTCLUST", "RFS_STATUS", "RFS_MONTHS"]
    words = (("0:LIVING", "0:Not Recurred"), ("1:DECEASED", "1:Recurred"))
    rows: list[list[object]] = [
        [p, 40 + i, 9 + i, words[i % 2][0], "LumA", i % 4, words[i % 2][1], 8 + i]
        for i, p in enumerate(patients)
    ]
    files = {
        "data_clinical_patient.txt": _portal(columns, rows),
        "data_mrna_illumina_microarray.txt": _genes(
            patients, _log2, "Hugo_Symbol", "Entrez_Gene_Id"
        ),
        "data_cna.txt": _genes(patients, _gistic, "Hugo_Symbol", "Entrez_Gene_Id"),
        "data_mutations.txt": _mutations(patients),
        "cases_sequenced.txt": "".join(f"{patient}\n" for patient in patients),
    }
    cohort = _read("metabric", files, tmp_path, monkeypatch)
    assert cohort.omics["expression"].table.shape == (20, 30)
    assert set(cohort.endpoints) == {"os", "rfs"}


def test_gdc_hub_of_xena(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [f"{patient}-01A" for patient in TCGA]
    rows = [[s, 100 + i, i % 2, p] for i, (s, p) in enumerate(zip(samples, TCGA, strict=True))]
    files = {
        "TCGA-LUAD.survival.tsv.gz": _lines([["sample", "OS.time", "OS", "_PATIENT"], *rows]),
        "TCGA-LUAD.star_tpm.tsv.gz": _genes(samples, _log2, "Ensembl_ID"),
        "gencode.v36.annotation.gtf.gene.probemap": "id\tgene\n",
    }
    cohort = _read("tcga-luad-xena", files, tmp_path, monkeypatch)
    assert cohort.omics["expression"].table.shape == (20, 30)
    assert list(cohort.patients()) == TCGA


def test_nsclc_radiogenomics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patients = [f"R01-{i:03d}" for i in range(1, 21)]
    clinical = _lines([["Case ID", "Gender"], *([p, "Male"] for p in patients)])
    features = _lines([["PatientID", "original_shape_Sphericity"], *([p, 0.5] for p in patients)])
    files = {
        "NSCLCR01Radiogenomic_DATA_LABELS_2018-05-22_1500-shifted.csv": clinical.replace("\t", ","),
        "GSE103584_R01_NSCLC_RNAseq.txt.gz": _genes(patients, _rsem, ""),
        "radiomics.csv": features.replace("\t", ","),
    }
    cohort = _read("nsclc-radiogenomics", files, tmp_path, monkeypatch)
    assert list(cohort.omics) == ["expression", "radiomics"]
    assert len(cohort.patients()) == 20
