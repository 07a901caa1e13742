"""Folders of one file a sample: whose each file is, which column is read, how they are joined."""

import gzip
from pathlib import Path

import pytest

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError
from omicsfuse.io import read_cohort, read_maf
from omicsfuse.io.paths import sha256_of

SAMPLES = ("TCGA-AA-0001-01A", "TCGA-AA-0002-01A", "TCGA-AA-0003-11A")
STAR = (
    "# gene-model: GENCODE v36\n"
    "gene_id\tgene_name\tgene_type\tunstranded\tstranded_first\tstranded_second\ttpm_unstranded\t"
    "fpkm_unstranded\tfpkm_uq_unstranded\n"
    "N_unmapped\t\t\t9\t1\t1\t\t\t\n"
    "N_ambiguous\t\t\t7\t1\t1\t\t\t\n"
    "ENSG00000141510.18\tTP53\tprotein_coding\t{0}0\t0\t0\t{0}.5\t{0}.25\t0\n"
    "ENSG00000146648.18\tEGFR\tprotein_coding\t{0}1\t0\t0\t1{0}.5\t0\t0\n"
    "ENSG00000012048.23\tBRCA1\tprotein_coding\t{0}2\t0\t0\t2{0}.5\t1\t0\n"
)


def cohort_of(folder: Path, layer: str, kind: str = "expression", clinical: str = "") -> Cohort:
    (folder / "c.toml").write_text(
        f'name = "c"\n{clinical}[layers.x]\nfile = "files/"\nkind = "{kind}"\n{layer}'
    )
    return read_cohort(folder / "c.toml")


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "files"


def star_download(folder: Path) -> None:
    """A download of gdc-client: a folder a file, logs, and the portal's sample sheet."""
    sheet = ["File ID\tFile Name\tData Type\tCase ID\tSample ID\tSample Type"]
    for i, sample in enumerate(SAMPLES, 1):
        uuid = f"0000000{i}-0000-4000-8000-000000000000"
        name = f"a000000{i}-0000-4000-8000-000000000000.rna_seq.augmented_star_gene_counts.tsv"
        kind = "Solid Tissue Normal" if sample.endswith("11A") else "Primary Tumor"
        write(folder, {f"{uuid}/{name}": STAR.format(i), f"{uuid}/logs/x.tsv": "a\tb\n1\t2\n"})
        sheet.append(f"{uuid}\t{name}\tGene\t{sample[:12]}\t{sample}\t{kind}")
    write(
        folder,
        {"MANIFEST.txt": "id\tfilename\n", "gdc_sample_sheet.2026-01-01.tsv": "\n".join(sheet)},
    )


def test_star_files_are_joined_and_named_by_their_sample_sheet(tmp_path: Path) -> None:
    star_download(tmp_path)
    cohort = cohort_of(tmp_path, "")
    layer = cohort.omics["x"]
    assert layer.scale == "tpm"
    assert layer.table["ENSG00000141510.18"].to_dict() == {"TCGA-AA-0001": 1.5, "TCGA-AA-0002": 2.5}
    assert not [name for name in layer.table if name.startswith("N_")]
    assert "3 files of files/, one a sample; 3 named by the sample sheet" in cohort.notes[0]
    assert 'column "tpm_unstranded" of each' in cohort.notes[0]
    assert 'for symbols: patient = "gene_name"' in cohort.notes[0]
    reasons = {(e.what, e.count, e.reason) for e in cohort.exclusions}
    assert ("samples", 1, "not a tumour sample (normal tissue or control)") in reasons


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ('scale = "counts"\n', [10.0, 20.0]),
        ('scale = "fpkm"\n', [1.25, 2.25]),
        ('column = "unstranded"\n', [10.0, 20.0]),
        ('column = "fpkm_unstranded"\nscale = "tpm"\n', [1.25, 2.25]),
    ],
)
@pytest.mark.filterwarnings("ignore:layer")
def test_the_column_is_the_one_named_or_that_of_the_scale(
    tmp_path: Path, layer: str, expected: list[float]
) -> None:
    star_download(tmp_path)
    table = cohort_of(tmp_path, layer).omics["x"].table
    assert table["ENSG00000141510.18"].tolist() == expected


def test_symbols_name_the_genes_where_asked_for(tmp_path: Path) -> None:
    star_download(tmp_path)
    table = cohort_of(tmp_path, 'patient = "gene_name"\n').omics["x"].table
    assert list(table.columns) == ["TP53", "EGFR", "BRCA1"]


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    star_download(tmp_path)
    with pytest.raises(CohortError, match=r'"tpm" is asked for.*tpm_unstranded'):
        cohort_of(tmp_path, 'column = "tpm"\n')


def test_a_sheet_of_another_place_is_the_sample_map(tmp_path: Path) -> None:
    star_download(tmp_path)
    sheet = tmp_path / "files" / "gdc_sample_sheet.2026-01-01.tsv"
    sheet.rename(tmp_path / "s.tsv")
    with pytest.raises(CohortError, match=r"numbers of the GDC.*sample_map"):
        cohort_of(tmp_path, "")
    (tmp_path / "clinical.tsv").write_text("id\tage\nTCGA-AA-0001\t61\nTCGA-AA-0002\t47\n")
    clinical = '[clinical]\nfile = "clinical.tsv"\nsample_map = "s.tsv"\n'
    assert len(cohort_of(tmp_path, "", clinical=clinical).omics["x"].table) == 2


def test_a_single_file_of_one_sample_is_refused_with_the_way_out(tmp_path: Path) -> None:
    for text, title in (
        (STAR.format(1), "GDC STAR counts"),
        ("Name\tLength\tEffectiveLength\tTPM\tNumReads\nT1\t9\t9\t1.5\t3\n", "Salmon"),
        ("TP53\t5\nEGFR\t7\n__no_feature\t3\n", "HTSeq"),
        ("cg00000029\t0.45\ncg00000108\t0.91\n", "a name and a value"),
    ):
        (tmp_path / "x.tsv").write_text(text)
        (tmp_path / "c.toml").write_text(
            'name = "c"\n[layers.x]\nfile = "x.tsv"\nkind = "continuous"\n'
        )
        with pytest.raises(CohortError, match=rf'holds one sample \({title}.*file = "FOLDER/"'):
            read_cohort(tmp_path / "c.toml")


@pytest.mark.filterwarnings("ignore:layer")
def test_htseq_files_have_no_header_and_summary_rows(tmp_path: Path) -> None:
    files = {
        f"{p}.htseq.counts": f"TP53\t{i}\nEGFR\t7\nKRAS\t2\n__no_feature\t9\n"
        for i, p in enumerate(("P1", "P2", "P3"))
    }
    write(tmp_path, files)
    layer = cohort_of(tmp_path, "").omics["x"]
    assert layer.scale == "counts"
    assert layer.table["TP53"].to_dict() == {"P1": 0.0, "P2": 1.0, "P3": 2.0}
    assert list(layer.table) == ["TP53", "EGFR", "KRAS"]


def test_salmon_is_named_by_its_folders(tmp_path: Path) -> None:
    head = "Name\tLength\tEffectiveLength\tTPM\tNumReads\n"
    for i, patient in enumerate(("P1", "P2")):
        genes = f"TP53\t9\t9\t{i}.5\t3\nEGFR\t9\t9\t2\t3\n"
        write(
            tmp_path,
            {
                f"{patient}/quant.sf": head + genes,
                f"{patient}/logs/salmon_quant.txt": "log",
                f"{patient}/cmd_info.json": "{}",
            },
        )
    layer = cohort_of(tmp_path, "").omics["x"]
    assert layer.table["TP53"].to_dict() == {"P1": 0.5, "P2": 1.5}
    assert layer.scale == "tpm"


def test_of_rsem_the_files_of_genes_are_read(tmp_path: Path) -> None:
    head = "gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\tTPM\tFPKM\n"
    isoforms = (
        "transcript_id\tgene_id\tlength\teffective_length\texpected_count\tTPM\tFPKM\tIsoPct\n"
    )
    for i, patient in enumerate(("P1", "P2")):
        write(
            tmp_path,
            {
                f"{patient}.genes.results": (
                    f"{head}G1\tT1,T2\t9\t9\t4\t{i}.5\t1\nG2\tT3\t9\t9\t4\t1\t1\n"
                ),
                f"{patient}.isoforms.results": f"{isoforms}T1\tG1\t9\t9\t4\t5\t1\t100\n",
            },
        )
    table = cohort_of(tmp_path, "").omics["x"].table
    assert table["G1"].to_dict() == {"P1": 0.5, "P2": 1.5}


@pytest.mark.filterwarnings("ignore:layer")
@pytest.mark.parametrize(
    ("kind", "text", "feature", "scale"),
    [
        (
            "expression",
            "target_id\tlength\teff_length\test_counts\ttpm\nT\t9\t9\t4\t{}\nU\t9\t9\t4\t1\n",
            "T",
            "tpm",
        ),
        ("expression", "N_unmapped\t9\t9\t9\nG\t{}\t1\t1\nH\t4\t1\t1\n", "G", "counts"),
        (
            "mirna",
            "miRNA_ID\tread_count\treads_per_million_miRNA_mapped\tcross-mapped\n"
            "m\t9\t{}\tN\nn\t9\t4\tN\n",
            "m",
            "normalised_counts",
        ),
        (
            "protein",
            "AGID\tlab_id\tcatalog_number\tset_id\tpeptide_target\tprotein_expression\n"
            "A\t1\t1\t1\tAKT\t{}\nB\t1\t1\t1\tMTOR\t1\n",
            "AKT",
            "raw",
        ),
        ("methylation", "cg1\t0.{}\ncg2\t0.5\n", "cg1", "beta"),
        (
            "methylation",
            "Composite Element REF\tBeta_value\tChromosome\ncg1\t0.{}\tchr1\ncg2\t0.5\tchr2\n",
            "cg1",
            "beta",
        ),
        (
            "expression",
            "Gene ID\tGene Name\tReference\tStrand\tStart\tEnd\tCoverage\tFPKM\tTPM\n"
            "G\tA\t1\t+\t1\t2\t1\t3\t{}\nH\tB\t1\t+\t1\t2\t1\t3\t1\n",
            "G",
            "tpm",
        ),
    ],
)
def test_other_programs_of_one_file_a_sample(
    tmp_path: Path, kind: str, text: str, feature: str, scale: str
) -> None:
    write(tmp_path, {f"P{i}.tsv": text.format(i) for i in range(1, 4)})
    layer = cohort_of(tmp_path, "", kind).omics["x"]
    first = 0.1 if "0.{}" in text else 1.0
    assert layer.table[feature].tolist() == pytest.approx([first, 2 * first, 3 * first])
    assert layer.scale == scale


def test_tables_of_a_row_a_patient_are_put_under_one_another(tmp_path: Path) -> None:
    files = {f"P{i}_features.csv": f"a;b;c\n{i}.5;1;{i}\n" for i in range(1, 4)}
    write(tmp_path, files)
    cohort = cohort_of(tmp_path, "", "radiomics")
    assert cohort.omics["x"].table["a"].to_dict() == {"P1": 1.5, "P2": 2.5, "P3": 3.5}
    assert "semicolons between columns" in cohort.notes[0]


def test_patients_in_the_tables_come_before_names_of_files(tmp_path: Path) -> None:
    files = {f"out{i}.csv": f"id_subject,a,b\nP{9 - i},{i},{i * i}\n" for i in range(1, 4)}
    write(tmp_path, files)
    table = cohort_of(tmp_path, "", "radiomics").omics["x"].table
    assert table["a"].to_dict() == {"P8": 1.0, "P7": 2.0, "P6": 3.0}


def test_rows_that_are_features_need_the_column_of_values(tmp_path: Path) -> None:
    write(tmp_path, {f"P{i}.tsv": f"gene\tn\tq\nA\t{i}\t9\nB\t4\t9\n" for i in range(1, 4)})
    with pytest.raises(
        CohortError, match="where rows are features, the column of values: column ="
    ):
        cohort_of(tmp_path, "")
    table = cohort_of(tmp_path, 'column = "n"\n').omics["x"].table
    assert table["A"].to_dict() == {"P1": 1.0, "P2": 2.0, "P3": 3.0}


def test_features_that_some_files_lack_are_missing_there(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "P1.txt": "A\t1.5\nB\t2.5\n",
            "P2.txt": "A\t1.5\nC\t3.5\n",
            "P3.txt": "A\t2\nB\t1\nC\t0.5\n",
        },
    )
    cohort = cohort_of(tmp_path, "")
    assert cohort.omics["x"].table.isna().sum().to_dict() == {"A": 0, "B": 1, "C": 1}
    assert "2 features not in every file: missing there" in cohort.notes[0]


def test_files_of_several_kinds_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"P1.tsv": STAR.format(1), "P2.tsv": "gene_id\tunstranded\nA\t4\n"})
    with pytest.raises(CohortError, match=r"several kinds: P1\.tsv has the columns gene_id"):
        cohort_of(tmp_path, "")


def test_a_folder_without_tables_says_what_it_holds(tmp_path: Path) -> None:
    write(tmp_path, {"scan.nii": "x"})
    with pytest.raises(CohortError, match=r'folder without tables.*"scan\.nii"'):
        cohort_of(tmp_path, "")


def test_files_of_one_name_need_folders_of_other_names(tmp_path: Path) -> None:
    write(tmp_path, {"a/x/1.txt": "A\t1\n", "b/x/1.txt": "A\t2\n", "b/y/1.txt": "A\t3\n"})
    with pytest.raises(CohortError, match="do not tell their samples by name"):
        cohort_of(tmp_path, "")


def test_a_folder_in_place_of_the_clinical_table_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {f"P{i}.txt": f"A\t{i}.5\nB\t2\n" for i in range(3)})
    with pytest.raises(CohortError, match=r"is a folder; expected a file\. It holds"):
        cohort_of(tmp_path, "", clinical='[clinical]\nfile = "files"\n')


def test_packed_files_are_read_too(tmp_path: Path) -> None:
    folder = write(tmp_path, {})
    folder.mkdir()
    for i in range(1, 4):
        (folder / f"P{i}.FPKM.txt.gz").write_bytes(gzip.compress(f"A\t{i}.5\nB\t2\n".encode()))
    layer = cohort_of(tmp_path, 'scale = "fpkm"\n').omics["x"]
    assert layer.table["A"].to_dict() == {"P1": 1.5, "P2": 2.5, "P3": 3.5}


def test_mafs_of_one_sample_each_are_one_layer(tmp_path: Path) -> None:
    head = "#version 2.4\nHugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\n"
    write(
        tmp_path,
        {
            "a.maf": f"{head}TP53\tMissense_Mutation\tTCGA-AA-0001-01A\n",
            "b.maf": (
                f"{head}TP53\tMissense_Mutation\tTCGA-AA-0002-01A\nEGFR\tSilent\tTCGA-AA-0002-01A\n"
            ),
            "c.maf": head,
        },
    )
    cohort = cohort_of(tmp_path, 'sequenced = ["TCGA-AA-0003"]\n', "mutation")
    assert cohort.omics["x"].table["TP53"].to_dict() == {
        "TCGA-AA-0001": 1.0,
        "TCGA-AA-0002": 1.0,
        "TCGA-AA-0003": 0.0,
    }
    assert [(e.what, e.count, e.examples) for e in cohort.exclusions if e.what == "files"] == [
        ("files", 1, ("c.maf",))
    ]
    (tmp_path / "e.maf").write_text(head)
    with pytest.raises(CohortError, match="header but no variants"):
        read_maf(tmp_path / "e.maf")


def test_the_fingerprint_of_a_folder_is_that_of_names_and_bytes(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.txt": "1", "b/c.txt": "2"})
    first = sha256_of(folder)
    write(tmp_path, {".DS_Store": "of a Mac", ".cache/x": "hidden"})
    assert sha256_of(folder) == first
    write(tmp_path, {"b/c.txt": "3"})
    changed = sha256_of(folder)
    (folder / "a.txt").rename(folder / "d.txt")
    assert len({first, changed, sha256_of(folder)}) == 3


def test_a_study_of_folders_is_checked_and_recorded(tmp_path: Path) -> None:
    star_download(tmp_path)
    cohort_of(tmp_path, "")
    from omicsfuse.io.manifest import read_manifest
    from omicsfuse.pipeline.provenance import hashes_of, named_inputs

    files = read_manifest(tmp_path / "c.toml").files()
    named = named_inputs(tmp_path.resolve(), hashes_of(files))
    sheet = "gdc_sample_sheet.2026-01-01.tsv"
    folder = tmp_path / "files"
    assert named == {
        "files": sha256_of(folder),
        f"files/{sheet}": sha256_of(folder / sheet),
    }
    (folder / sheet).rename(tmp_path / sheet)
    files = read_manifest(tmp_path / "c.toml").files()
    assert files == [folder, tmp_path / sheet]
