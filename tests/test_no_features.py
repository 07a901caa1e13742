"""What is no feature never becomes one, and what is one stays, in every part of a cohort."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.no_features import named_otherwise
from omicsfuse.core.same_values import valued_otherwise
from omicsfuse.io.paths import data_folder

N = 40
PATIENTS = [f"P{i:02d}" for i in range(N)]
RNG = np.random.default_rng(3)
DAYS = RNG.permutation(np.arange(10, 2000))[:N].astype(float)
EVENT = np.array([1.0, 0, 0, 1] * 10)
AGE = RNG.integers(30, 85, N).astype(float)
ENDS = {"os": Endpoint("days", "status", event_values={"Dead": 1, "Alive": 0})}


def clinical(n: int = N) -> pd.DataFrame:
    words = np.where(EVENT == 1, "Dead", "Alive")
    table = pd.DataFrame({"days": DAYS, "status": words, "age_years": AGE}, PATIENTS)
    return table.iloc[:n]


def genes(**more: object) -> pd.DataFrame:
    values = np.random.default_rng(1).normal(6, 2, (N, 6)).round(4)
    return pd.DataFrame(values, PATIENTS, list("ABCDEF")).assign(**more)


def features(cohort: Cohort, name: str = "x") -> list[str]:
    return cohort.omics[name].table.columns.tolist()


def reasons(cohort: Cohort) -> dict[str, tuple[str, ...]]:
    return {each.reason: each.examples for each in cohort.exclusions if each.what == "features"}


@pytest.mark.parametrize(
    "name",
    [
        *("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous"),
        *("__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned"),
        *("__alignment_not_unique", "X__no_feature", "no_feature", "Unassigned_NoFeatures"),
        *("Unassigned_MultiMapping", "ERCC-00002", "AFFX-BioB-3_at", "DarkCorner"),
    ],
)
def test_what_counters_and_arrays_put_beside_genes(name: str) -> None:
    table = genes().mul(100).round().set_axis(["A", "B", "C", "ERCC1", "RS1", name], axis=1)
    assert features(Cohort("a", {"x": Layer("expression", table, "tpm")})) == [
        *("A", "B", "C", "ERCC1", "RS1")
    ]


def test_genotype_probes_are_excluded_and_genes_and_ch_probes_stay() -> None:
    names = ["rs10033147", "rs939290_BC21", "nv-GRCh38-chr7-140753336-A-T", "ctl_1", "RS1", "RS2"]
    names += ["ch.1.1000", "cg00000029", "rs12"]
    table = pd.DataFrame(RNG.random((N, 9)), PATIENTS, names)
    found = Cohort("a", {"x": Layer("methylation", table)})
    assert features(found) == ["RS1", "RS2", "ch.1.1000", "cg00000029", "rs12"]
    assert found.exclusions[0].count == 4


@pytest.mark.parametrize("kind", ["expression", "mutation", "protein", "mirna", "continuous"])
def test_identifiers_and_dates_in_any_layer(kind: str) -> None:
    table = (genes() > 6).astype(float)
    known = table.assign(fluid=table["A"], UPDATE=table["B"], DATES=1.0)
    columns = {
        "Patient ID": 4.0,
        "StudyInstanceUID": 1.0,
        "sample_id.1": 1.0,
        "scan_date": 20190312.0,
        "visited": pd.date_range("2019-03-12", periods=N),
        "key": [f"1.2.840.113619.{i}" for i in range(N)],
    }
    found = Cohort("a", {"x": Layer(kind, known.assign(**columns))})
    assert features(found) == known.columns.tolist()
    assert sum(each.count for each in found.exclusions) == len(columns)


def test_gene_symbols_are_no_identifiers() -> None:
    symbols = ["DATE", "ID1", "ID2", "ID3", "IDS", "NO1", "CASE1", "SERIES", "STUD1", "UIDX", "SEX"]
    known = [name for name in symbols if name != "DATE"]
    table = pd.DataFrame(np.ones((2, len(known))), ["a", "b"], known)
    assert named_otherwise(table, "expression") == {}


def test_numbers_that_are_dates_or_row_numbers() -> None:
    table = genes(
        taken=[20190100.0 + 1 + i % 28 for i in range(N)],
        nr=np.arange(N) + 1.0,
        rank=np.arange(N) + 1.0,
        big=[20190000.0 + 1300 + i for i in range(N)],
    )
    found = Cohort("a", {"x": Layer("continuous", table)})
    assert features(found) == [*"ABCDEF", "rank", "big"]
    assert reasons(found) == {
        "dates, not features": ("taken",),
        "identifiers, not features": ("nr",),
    }


@pytest.mark.parametrize(
    "kind", ["expression", "radiomics", "continuous", "protein", "copy_number"]
)
@pytest.mark.parametrize(
    ("leak", "reason"),
    [
        (DAYS, "the outcome, not features"),
        (DAYS / 30.4375, "the outcome, not features"),
        ((DAYS / 365.25).round(2), "the outcome, not features"),
        (-DAYS, "the outcome, not features"),
        (EVENT, "the outcome, not features"),
        (1 - EVENT, "the outcome, not features"),
        (np.where(np.arange(N) < 15, np.nan, DAYS), "the outcome, not features"),
        (AGE, "columns of the clinical table, not features"),
    ],
)
def test_outcome_and_clinical_columns_under_any_name(
    kind: str, leak: np.ndarray, reason: str
) -> None:
    scale = "log2" if kind in ("expression", "copy_number") else "raw"
    table = genes(leak=np.clip(leak, -49, 49) if scale == "log2" else leak)
    if scale == "log2":
        table["leak"] = leak / np.nanmax(np.abs(leak)) if reason.startswith("the") else leak / 10
        ends = clinical().assign(age_years=AGE / 10)
    else:
        ends = clinical()
    found = Cohort("a", {"x": Layer(kind, table, scale)}, ends, ENDS)
    assert features(found) == list("ABCDEF")
    assert reasons(found) == {reason: ("leak",)}


def test_the_outcome_is_found_although_patients_are_written_otherwise() -> None:
    table = genes(leak=DAYS).rename(index=str.lower)
    with pytest.warns(OmicsfuseWarning, match="40 patients of 40 are written otherwise"):
        found = Cohort("a", {"x": Layer("continuous", table)}, clinical(), ENDS)
    assert features(found) == list("ABCDEF")


def test_the_first_time_that_is_known_is_an_outcome_too() -> None:
    dead = EVENT == 1
    table = clinical().assign(death=np.where(dead, DAYS, np.nan), seen=np.where(dead, np.nan, DAYS))
    ends = {"os": replace(ENDS["os"], time=("death", "seen"))}
    layer = Layer("continuous", genes(leak=DAYS, death=1.0))
    found = Cohort("a", {"x": layer}, table.drop(columns="days"), ends)
    assert features(found) == list("ABCDEF")


def test_kept_columns_are_features() -> None:
    table = genes(leak=DAYS, patient_id=np.arange(N), age_years=AGE)
    layer = Layer("continuous", table, keep=("leak", "patient_id", "age_years"))
    found = Cohort("a", {"x": layer}, clinical(), ENDS)
    assert features(found) == table.columns.tolist()
    assert found.exclusions == ()


def test_a_mutation_may_be_a_clinical_column_but_not_the_outcome() -> None:
    calls = pd.DataFrame(RNG.integers(0, 2, (N, 4)).astype(float), PATIENTS, ["IDH1", *"BCD"])
    ends = clinical().assign(idh=calls["IDH1"])
    found = Cohort("a", {"x": Layer("mutation", calls.assign(Q=EVENT))}, ends, ENDS)
    assert features(found) == ["IDH1", "B", "C", "D"]
    copies = Layer("copy_number", calls * 2)
    assert features(Cohort("a", {"x": copies}, ends.assign(idh=calls["IDH1"] * 2), ENDS)) == [
        *("IDH1", "B", "C", "D")
    ]


def test_equal_by_chance_is_no_reason() -> None:
    """Of 5,000 rare mutations one is likely to be in the one patient who had the event."""
    n = 12
    event = np.eye(n)[0]
    calls = pd.DataFrame(
        np.eye(n)[:, RNG.integers(0, n, 5000)], PATIENTS[:n], [f"G{i}" for i in range(5000)]
    )
    ends = clinical(n).assign(status=np.where(event == 1, "Dead", "Alive"))
    assert (calls.to_numpy() == event[:, None]).all(axis=0).any()
    assert len(features(Cohort("a", {"x": Layer("mutation", calls)}, ends, ENDS))) == 5000


def test_a_part_of_the_patients_has_the_same_features() -> None:
    """Patients among whom a feature happens to be a clinical column, or rows are numbered."""
    table = genes(nr=[*range(20), *[0] * 20], copy=[*AGE[:20], *AGE[20:] + 1])
    whole = Cohort("a", {"x": Layer("continuous", table)}, clinical(), ENDS)
    assert features(whole) == table.columns.tolist()
    part = whole.omics["x"].table.iloc[:20]
    few = replace(
        whole,
        omics={"x": replace(whole.omics["x"], table=part)},
        clinical=whole.clinical.iloc[:20],
        exclusions=(),
    )
    assert features(few) == table.columns.tolist()
    assert few.exclusions == ()
    fresh = Cohort("a", {"x": Layer("continuous", part)}, clinical(20), ENDS)
    assert features(fresh) == list("ABCDEF")
    # A column that was not there is looked at.
    added = replace(whole, omics={"x": replace(whole.omics["x"], table=genes(leak=DAYS))})
    assert features(added) == list("ABCDEF")


def test_a_cohort_made_again_is_the_same() -> None:
    table = genes(patient_id=1.0, leak=DAYS, bad=["nan(ind)", *[1.5] * 39])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = Cohort("a", {"x": Layer("continuous", table.astype({"A": "Float64"}))}, clinical())
        again = replace(first)
    assert again.exclusions == first.exclusions
    assert len(first.exclusions) == 3
    pd.testing.assert_frame_equal(again.omics["x"].table, first.omics["x"].table)


def test_nothing_but_other_columns_is_refused() -> None:
    table = pd.DataFrame({"patient_id": [1.0, 2], "scan_date": [1.0, 2]}, ["a", "b"])
    with pytest.raises(CohortError, match=r"none of its columns is a feature.*keep_columns"):
        Cohort("a", {"x": Layer("continuous", table)})


def test_toy_tables_that_count_up_are_features() -> None:
    table = pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6, 7, 8]}, list("abcdefgh"))
    ends = pd.DataFrame({"t": np.arange(1.0, 9), "e": [0, 1] * 4}, table.index)
    none = pd.DataFrame(index=table.index)
    assert valued_otherwise(table, "continuous", ends, ends) == {}
    assert valued_otherwise(table, "continuous", none, none) == {}


@pytest.mark.parametrize("file", [True, False])
def test_files_and_tables_are_alike(file: bool, tmp_path: Path) -> None:
    table = genes(N_unmapped=9.0, study_id=1.0, leak=DAYS / 100)
    if not file:
        found = Cohort.from_tables(
            {"x": table}, clinical(), ENDS, kinds="expression", scales="log2"
        )
    else:
        table.T.to_csv(tmp_path / "x.tsv", sep="\t", index_label="gene")
        clinical().to_csv(tmp_path / "c.tsv", sep="\t", index_label="patient")
        (tmp_path / "a.toml").write_text(
            'name = "a"\n[clinical]\nfile = "c.tsv"\n[clinical.endpoints.os]\ntime = "days"\n'
            'event = "status"\nevent_values = { Dead = 1, Alive = 0 }\n'
            '[layers.x]\nfile = "x.tsv"\nkind = "expression"\nscale = "log2"\n'
        )
        found = of.read_cohort(tmp_path / "a.toml")
    assert features(found) == list("ABCDEF")
    assert set(reasons(found)) == {
        "summary rows of a read counter, not genes",
        "identifiers, not features",
        "the outcome, not features",
    }


def test_summary_rows_change_no_subtypes() -> None:
    case = data_folder().parent / "cases" / "gdc_star_N_rows_effect"
    if not case.is_dir():
        pytest.skip("no folder of cases beside the data")
    tables = []
    for name in ("cohort.toml", "cohort_without.toml"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OmicsfuseWarning)
            ready = of.preprocess(of.read_cohort(case / name))
            found = of.cluster(of.fuse(ready), n_clusters=3, random_state=0)
        tables.append(found.labels)
    pd.testing.assert_series_equal(*tables)
