"""TCGA barcodes: brought to the patient by a stated rule; all else exact."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.identifiers import (
    TUMOUR_PREFERENCE,
    is_barcode,
    patient_of,
    resolve_identifiers,
)
from omicsfuse.io import read_cohort

PATIENT = "TCGA-BA-4074"


@pytest.mark.parametrize(
    "barcode",
    [
        "TCGA-BA-4074",
        "TCGA-BA-4074-01",
        "TCGA-BA-4074-01A",
        "TCGA-BA-4074-01A-31R-1436-07",
        "TCGA.BA.4074.01A.31R.1436.07",
        "tcga-ba-4074-01a",
    ],
)
def test_barcodes_of_any_length(barcode: str) -> None:
    assert is_barcode(barcode)
    assert patient_of(barcode) == PATIENT


@pytest.mark.parametrize(
    "name", ["TCGA-BA", "TCGA-BA-40745", "XTCGA-BA-4074", "P1-01", "", "TCGA-BA-4074_01A"]
)
def test_other_identifiers_are_exact(name: str) -> None:
    assert not is_barcode(name)
    assert patient_of(name) == name


@pytest.mark.parametrize(
    ("barcodes", "kept"),
    [
        (["01A", "06A"], 0),
        (["06A", "02A", "01A"], 2),
        (["05A", "03A"], 1),
        (["06A", "11A"], 0),
        (["01B", "01A"], 1),
        (["01B", "02A"], 0),
        (["01A-11R-1436-07", "01A-31R-1436-07"], 1),
        (["01A-31R-2000-07", "01A-31R-1436-07"], 0),
        (["01B-99R-9999-07", "01A-11R-1436-07"], 1),
    ],
)
def test_which_sample_of_a_patient_is_kept(barcodes: list[str], kept: int) -> None:
    resolved = resolve_identifiers([f"{PATIENT}-{rest}" for rest in barcodes], "rna")
    assert resolved.positions == (kept,)
    assert resolved.patients == (PATIENT,)
    assert sum(exclusion.count for exclusion in resolved.exclusions) == len(barcodes) - 1
    assert {exclusion.layer for exclusion in resolved.exclusions} == {"rna"}


def test_normals_are_counted_apart() -> None:
    names = [f"{PATIENT}-11A", f"{PATIENT}-01A", "TCGA-BA-4075-10A", "TCGA-BA-4076-20A"]
    resolved = resolve_identifiers(names)
    assert resolved.positions == (1,)
    assert [(exclusion.what, exclusion.count) for exclusion in resolved.exclusions] == [
        ("samples", 3)
    ]


def test_where_most_are_foreign_all_are_exact() -> None:
    names = (f"{PATIENT}-01A", "P1", "P2", "P3")
    assert resolve_identifiers(names).patients == names
    # Barcodes of patients are the same either way: there is nothing to tell.
    names = (*(f"TCGA-BA-40{i}" for i in range(10, 20)), "P1")
    assert resolve_identifiers(names).patients == names


@pytest.mark.parametrize("ending", ["-01A", "-01A-31R-1436-07"])
def test_a_stray_row_among_barcodes_is_named(ending: str) -> None:
    barcodes = [f"TCGA-BA-40{i}{ending}" for i in range(10, 18)]
    names = [*barcodes[:5], "Total", *barcodes[5:], "QC"]
    with pytest.warns(OmicsfuseWarning) as told:
        resolved = resolve_identifiers(names, "rna")
    assert resolved.patients == tuple(name[:12] if name in barcodes else name for name in names)
    assert resolved.exclusions == ()
    (message,) = (str(warning.message) for warning in told)
    assert message.startswith(
        '"rna": 8 of 10 identifiers are TCGA barcodes and were brought to patients, but not '
        '"Total" (number 6), "QC" (number 10)'
    )


def test_the_same_barcode_twice_stays_for_the_gate_to_refuse() -> None:
    assert resolve_identifiers([f"{PATIENT}-01A"] * 2).patients == (PATIENT, PATIENT)


def test_no_identifiers() -> None:
    assert resolve_identifiers([]).positions == ()


samples = st.tuples(
    st.sampled_from(["4074", "4075"]),
    st.sampled_from([*TUMOUR_PREFERENCE, "10", "11"]),
    st.sampled_from("AB"),
    st.sampled_from(["", "-11R-1436-07", "-31R-1436-07"]),
)


@given(st.lists(samples, unique=True, max_size=8), st.randoms())
def test_the_order_of_rows_decides_nothing(parts: list[tuple], random: Random) -> None:
    names = [f"TCGA-BA-{patient}-{kind}{vial}{rest}" for patient, kind, vial, rest in parts]
    shuffled = list(names)
    random.shuffle(shuffled)
    one, two = resolve_identifiers(names), resolve_identifiers(shuffled)
    assert {names[i] for i in one.positions} == {shuffled[i] for i in two.positions}
    assert len(set(one.patients)) == len(one.patients)
    assert one.exclusions == two.exclusions
    assert len(names) == len(one.positions) + sum(exclusion.count for exclusion in one.exclusions)


def _cohort(folder: Path, clinical: list[str], samples: list[str]) -> Path:
    rows = "".join(f"{name}\t5\t1\n" for name in clinical)
    (folder / "c.tsv").write_text("id\ttime\tevent\n" + rows)
    (folder / "g.tsv").write_text("\t".join(["gene", *samples]) + "\nTP53" + "\t1" * len(samples))
    (folder / "m.toml").write_text(
        'name = "m"\n[clinical]\nfile = "c.tsv"\n[layers.g]\nfile = "g.tsv"\nkind = "expression"\n'
        'orientation = "features_by_patients"\n'
    )
    return folder / "m.toml"


def test_layers_and_clinical_table_meet_at_the_patient(tmp_path: Path) -> None:
    manifest = _cohort(
        tmp_path,
        ["TCGA-BA-4074-01", "tcga-ba-4075-01"],
        [f"{PATIENT}-01A-31R-1436-07", "TCGA-BA-4075-01A-31R-1436-07", f"{PATIENT}-11A-1-2-3"],
    )
    cohort = read_cohort(manifest)
    assert cohort.patients().tolist() == [PATIENT, "TCGA-BA-4075"]
    assert cohort.clinical is not None
    assert cohort.clinical.index.tolist() == [PATIENT, "TCGA-BA-4075"]
    assert [(exclusion.layer, exclusion.count) for exclusion in cohort.exclusions] == [("g", 1)]


def test_wrong_orientation_is_told_through_barcodes(tmp_path: Path) -> None:
    manifest = _cohort(tmp_path, [PATIENT, "TCGA-BA-4075"], [f"{PATIENT}-01A", "TCGA-BA-4075-01A"])
    manifest.write_text(
        manifest.read_text().replace("features_by_patients", "patients_by_features")
    )
    with pytest.raises(CohortError, match=r"2 of 2 columns are patients of the clinical table"):
        read_cohort(manifest)


def test_a_table_of_normals_only_is_refused(tmp_path: Path) -> None:
    manifest = _cohort(tmp_path, [PATIENT], [f"{PATIENT}-11A"])
    with pytest.raises(
        CohortError,
        match=r'"g" \(g\.tsv\): none of its 1 samples is a tumour '
        r"sample",
    ):
        read_cohort(manifest)
