"""Cohorts from tables in memory: turned, guessed with notes, and checked as files are."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.core.checks.tables import names_as_text
from omicsfuse.core.guesses import guessed_kind, guessed_scale
from omicsfuse.core.kinds import KINDS
from omicsfuse.core.layers import Endpoint, Layer
from omicsfuse.imaging.volume import tumour_volume

PATIENTS = [f"P{i}" for i in range(12)]
GENES = ["TP53", "EGFR", "KRAS", "GENE4"]


def values(low: float = 2.0, high: float = 12.0, columns: list[str] = GENES) -> pd.DataFrame:
    chance = np.random.default_rng(len(columns))
    return pd.DataFrame(chance.uniform(low, high, (12, len(columns))), PATIENTS, columns)


def clinical() -> pd.DataFrame:
    return pd.DataFrame(
        {"days": np.arange(1, 13), "event": [0, 1] * 6, "age": range(50, 62)}, PATIENTS
    )


def test_a_cohort_is_the_one_that_files_give(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    manifest = Path(__file__).parents[1] / "data_manifests" / "tcga_acc_mini.toml"
    read = of.read_cohort(manifest)
    folder = real_data / "tcga_acc_mini"
    files = {"expression": "expression", "mirna": "mirna", "mutation": "mutation"}
    files |= {"copy_number": "cn_gene", "protein": "protein"}
    tables = {
        name: pd.read_csv(folder / f"{file}.tsv.gz", sep="\t", index_col=0)
        for name, file in files.items()
    }
    table = pd.read_csv(folder / "clinical.tsv", sep="\t", index_col="sample")
    dss = {"time": "dss_time", "event": "dss_event", "competing": "event"}
    made = of.Cohort.from_tables(
        {name: one.T if name in ("mirna", "protein") else one for name, one in tables.items()},
        table,
        {"os": ("time", "event"), "pfi": ["pfi_time", "pfi_event"], "dss": dss},
        name=read.name,
        covariates=["age", "stage"],
        known_labels=["subtype_mrna", "subtype_dnameth"],
        technical=["purity_cpe"],
        study="TCGA-ACC",
    )
    assert made.endpoints == read.endpoints
    assert made.exclusions == read.exclusions
    for role in ("covariates", "known_labels", "technical", "study"):
        assert getattr(made, role) == getattr(read, role)
    for name, layer in read.omics.items():
        assert (made.omics[name].kind, made.omics[name].scale) == (layer.kind, layer.scale), name
        pd.testing.assert_frame_equal(made.omics[name].table, layer.table)
    assert made.variables["type"].to_dict() == read.variables["type"].to_dict()
    assert read.notes == ()
    turned = [note for note in made.notes if "transposed" in note]
    assert len(turned) == 2
    assert turned[0].startswith(
        'layer "mirna": transposed, as 80 columns of 80 are patients of the clinical table.'
    )


@pytest.mark.parametrize(
    ("name", "table", "kind", "scale"),
    [
        ("mRNA.expr", values(), "expression", "log2"),
        ("lncRNA_expr", values(0, 900), "expression", "normalised_counts"),
        ("miRNA expression", values(), "mirna", "log2"),
        ("meth.beta", values(0, 1), "methylation", "beta"),
        ("M values of methylation", values(-6, 6), "methylation", "m_value"),
        ("mut.status", values(0, 1).round(), "mutation", "binary"),
        ("CNV", values(-2, 2).round(), "copy_number", "gistic"),
        ("cn_gene", values(-2, 2), "copy_number", "log2"),
        ("genes", values(0, 1).round(), "mutation", "binary"),
        ("RPPA", values(-2, 2), "protein", "raw"),
        ("radiomics_CT", values(-5, 900), "radiomics", "raw"),
        ("MRI", values(-5, 900), "radiomics", "raw"),
        ("a", values(0, 900).round(), "expression", "counts"),
        ("a", values(-2, 2).round(), "copy_number", "gistic"),
        ("a", values(0, 1), "methylation", "beta"),
        ("a", values(columns=list("abcd")), "continuous", "raw"),
        ("a", values(columns=["ENSG00000141510.7", "ENSG00000146648"]), "expression", "log2"),
        ("a", values(0, 1, ["cg00000029", "cg00000108"]), "methylation", "beta"),
        ("a", values(columns=["hsa-mir-21", "hsa-let-7a-1"]), "mirna", "log2"),
        ("a", values(columns=["original_glcm_Idm", "log_shape_Flatness"]), "radiomics", "raw"),
    ],
)  # fmt: skip
def test_kind_and_scale_are_guessed_and_said(
    name: str, table: pd.DataFrame, kind: str, scale: str
) -> None:
    cohort = of.Cohort.from_tables({name: table}) if scale != "counts" else None
    if cohort is None:
        with pytest.warns(of.OmicsfuseWarning, match="Counts per million"):
            cohort = of.Cohort.from_tables({name: table})
    layer = cohort.omics[name]
    assert (layer.kind, layer.scale) == (kind, scale)
    (note,) = cohort.notes
    assert f'read as kind "{kind}"' in note
    assert f'kinds={{"{name}": "{kind}"}}' in note
    assert ("scales=" in note) == (len(KINDS[kind].scales) > 1)


def test_more_scales_are_told_apart() -> None:
    chance = np.random.default_rng(0)
    amounts = pd.DataFrame(chance.gamma(0.5, size=(12, 500)))
    assert guessed_scale("expression", amounts.div(amounts.sum(axis=1), axis=0) * 1e6)[0] == "tpm"
    normal = pd.DataFrame(chance.normal(size=(90, 50)))
    assert guessed_scale("protein", normal)[0] == "zscore"
    assert guessed_scale("expression", normal * 30 - 1)[0] == "zscore"
    assert guessed_scale("expression", normal * 3)[0] == "log2"
    assert guessed_scale("expression", pd.DataFrame({"A": [np.nan]}))[0] == "log2"
    assert guessed_kind("x", pd.DataFrame({"A": ["word"]}))[0] == "continuous"


def test_what_is_given_is_not_guessed() -> None:
    tables = {"a": values(), "b": Layer("protein", values(), "log2")}
    cohort = of.Cohort.from_tables(tables, kinds={"a": "protein"}, scales={"a": "raw"})
    assert [(each.kind, each.scale) for each in cohort.omics.values()] == [
        ("protein", "raw"),
        ("protein", "log2"),
    ]
    assert cohort.notes == ()
    all_alike = of.Cohort.from_tables({"a": values(), "b": values()}, kinds="continuous")
    assert {each.kind for each in all_alike.omics.values()} == {"continuous"}


@pytest.mark.parametrize("which", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_tables_are_turned_by_the_patients_of_the_others(which: list[str]) -> None:
    """With a clinical table, or by what names tell: genes are no patients."""
    tables = {"a": values(), "b": values(columns=list("xyz")), "c": values(columns=GENES[:3])}
    other = {name: table.T if name in which else table for name, table in tables.items()}
    straight = of.Cohort.from_tables(tables)
    for cohort in (of.Cohort.from_tables(other), of.Cohort.from_tables(other, clinical())):
        assert sum("transposed" in note for note in cohort.notes) == len(which)
        for name, layer in cohort.omics.items():
            pd.testing.assert_frame_equal(layer.table, straight.omics[name].table)


def test_barcodes_are_brought_to_patients_and_tell_the_way() -> None:
    names = [f"TCGA-OR-A5{i:02d}" for i in range(12)]
    samples = [f"{name}-01A-11R-A29S-07" for name in names] + ["TCGA-OR-A500-11A-11R-A29S-07"]
    table = pd.DataFrame(np.arange(39.0).reshape(13, 3), samples, list("xyz"))
    ends = {"os": ("days", "event")}
    cohort = of.Cohort.from_tables({"a": table.T}, clinical().set_axis(names), ends)
    assert list(cohort.omics["a"].table.index) == names
    assert [(each.what, each.count) for each in cohort.exclusions] == [("samples", 1)]
    assert "TCGA barcodes" in of.Cohort.from_tables({"a": table.T}).notes[0]


def test_descriptions_of_images_are_left_out_and_counted() -> None:
    table = values(columns=["original_glcm_Idm", "original_shape_Flatness"])
    table.insert(0, "Mask", "mask.nrrd")
    table.insert(0, "diagnostics_Versions_Numpy", "1.2")
    cohort = of.Cohort.from_tables({"radiomics": table})
    assert list(cohort.omics["radiomics"].table) == ["original_glcm_Idm", "original_shape_Flatness"]
    assert [each.count for each in cohort.exclusions] == [1, 1]
    features = cohort.omics["radiomics"].features
    assert features is not None
    assert features.loc["original_glcm_Idm", "feature_class"] == "glcm"


def test_endpoints_are_pairs_dicts_or_endpoints() -> None:
    table = clinical().assign(OS_MONTHS=range(12), status=["Dead", "Alive"] * 6)
    words = {"time": "OS_MONTHS", "event": "status", "event_values": {"Dead": 1, "Alive": 0}}
    ends = {"os": ("days", "event"), "m": words, "e": Endpoint("days", "event", "weeks")}
    cohort = of.Cohort.from_tables({"rna": values()}, table, ends)
    assert [each.unit for each in cohort.endpoints.values()] == ["days", "months", "weeks"]
    assert cohort.survival("m")["event"].sum() == 6
    assert [note for note in cohort.notes if "endpoint" in note][1].startswith(
        'endpoint "m": times read as months.'
    )


@pytest.mark.parametrize(
    ("tables", "more", "said"),
    [
        ([values()], {}, 'tables is of type list; expected dict: tables by name, such as'),
        ({"rna": values().to_numpy()}, {}, 'layer "rna": found a ndarray; expected a pandas.Data'),
        ({}, {}, 'tables is empty: expected a table at least, such as {"rna": table}'),
        ({}, {"clinical": clinical()}, "tables is empty"),
        (values(), {}, "tables is of type DataFrame; expected dict: tables by name"),
        ({"rna": values()["TP53"]}, {}, 'layer "rna": found a Series; expected a pandas.DataFrame'),
        ({"rna": values()}, {"clinical": clinical()["days"]}, "clinical table: found a Series"),
        (
            {"rna": values().set_axis(["A", "A", "B", "C"], axis=1)},
            {},
            'layer "rna": 1 duplicate feature: "A" in columns 1, 2',
        ),
        ({"rna": values().set_axis(["A", None, "B", "C"], axis=1)}, {}, "have no feature name"),
        (
            {"rna": values().reset_index(drop=True)},
            {"clinical": clinical()},
            'layer "rna": rows are numbered from 0, not named by patients as in the clinical table',
        ),
        (
            {"rna": values(), "protein": values().reset_index(drop=True)},
            {},
            'layer "protein": rows are numbered from 0, not named by patients as in layer "rna"',
        ),
        ({"rna": values()}, {"name": 3}, "name is of type int; expected str"),
        ({"rna": values()}, {"missing": -9}, "missing = -9: expected a list, [-9]"),
        (
            {"rna": values()},
            {
                "clinical": clinical().assign(event=["Alive", "Dead"] * 6),
                "endpoints": {"os": ("days", "event")},
            },
            'in Python\nendpoints={"os": {"time": ..., "event": "event", "event_values": '
            '{"Alive": 0, "Dead": 1}}}',
        ),
        ({"rna": None}, {}, 'layer "rna": found a NoneType; expected a pandas.DataFrame'),
        ({"rna": values().iloc[:0]}, {}, 'layer "rna": the table is empty'),
        ({1: values()}, {}, "a layer is named 1, which is of type int"),
        ({"rna": pd.concat([values()] * 2)}, {}, "12 duplicate patients"),
        (
            {"rna": values().reset_index(names="patient")},
            {},
            'rows are numbered from 0, not named by patients, and column "patient" holds '
            'names: "P0", "P1", "P2" and 9 more. If these are the patients, pass '
            'table.set_index(',
        ),
        (
            {"mut": pd.DataFrame({"Hugo_Symbol": ["TP53"], "Tumor_Sample_Barcode": ["P1"]})},
            {},
            "found the columns of a MAF, with one variant per row",
        ),
        ({"rna": values()}, {"clinical": clinical().T}, "patients are in its columns"),
        ({"rna": values()}, {"clinical": [1]}, "clinical table: found a list"),
        (
            {"rna": values().set_axis(list("abcdefghijkl"))},
            {"clinical": clinical()},
            "none of its 12",
        ),
        ({"rna": values()}, {"kinds": {"rma": "expression"}}, 'did you mean "rna"'),
        ({"rna": values()}, {"kinds": {"rna": "exprssion"}}, 'did you mean "expression"'),
        ({"rna": values()}, {"kinds": 3}, "kinds is of type int; expected dict"),
        ({"rna": values()}, {"scales": "log3"}, 'scale = "log3" is not known'),
        ({"rna": values()}, {"endpoints": {"os": "days"}}, "endpoint \"os\" is 'days'; expected"),
        ({"rna": values()}, {"endpoints": ("days", "event")}, "endpoints is of type tuple"),
        ({"rna": values()}, {"endpoints": {"os": {"tme": 1}}}, 'did you mean "time"'),
        ({"rna": values()}, {"endpoints": {"os": {"time": "days"}}}, "event not given"),
        ({"rna": values()}, {"endpoints": {"os": ("days", "event")}}, "there is no clinical table"),
        (
            {"rna": values()},
            {"clinical": clinical(), "endpoints": {"os": ("day", "event")}},
            'there is no column "day"',
        ),
        (
            {"rna": values()},
            {"clinical": clinical(), "covariates": "age"},
            'covariates = "age": expected a list',
        ),
    ],
)  # fmt: skip
def test_faults_say_what_was_found_and_what_to_do(
    tables: object, more: dict[str, object], said: str
) -> None:
    with pytest.raises(of.OmicsfuseError, match=re.escape(said)):
        of.Cohort.from_tables(tables, **more)


def test_one_patient_and_missing_values_pass_the_gate() -> None:
    one = of.Cohort.from_tables({"rna": values().iloc[:1]}, clinical().iloc[:1])
    assert list(one.patients()) == ["P0"]
    gaps = values().mask(np.eye(12, 4) == 1)
    assert int(of.Cohort.from_tables({"rna": gaps}).omics["rna"].table.isna().sum().sum()) == 4


def test_a_dict_goes_all_the_way_as_a_cohort_does() -> None:
    cohort = of.simulate_cohort(40, n_external=0, effect=2.0).discovery
    tables = {name: cohort.omics[name].table for name in ("radiomics", "methylation")}
    ready = of.preprocess(cohort, list(tables))
    whole = of.fuse(ready, n_neighbors=8)
    fusion = of.fuse(tables, n_neighbors=8)
    pd.testing.assert_frame_equal(fusion.affinity, whole.affinity)
    pd.testing.assert_frame_equal(
        of.fuse(cohort, layers=list(tables), n_neighbors=8).affinity, whole.affinity
    )
    assert fusion.prepared is not None
    assert fusion.prepared.notes == of.preprocess(tables).notes
    assert len(fusion.prepared.notes) == 2
    assert "2 on guesses" in repr(fusion)
    subtypes = of.cluster(fusion, 3)
    by_tables, by_cohort = (of.assess(given, fusion, subtypes) for given in (tables, ready))
    assert by_tables.p_shared == by_cohort.p_shared
    pd.testing.assert_frame_equal(by_tables.stability, by_cohort.stability)
    for wrong in (3, [tables], None):
        with pytest.raises(of.StudyError, match="a cohort, or a dict of tables"):
            of.fuse(wrong)


def test_numbered_rows_of_different_number_pair_nobody() -> None:
    few = values().reset_index(drop=True)
    more = clinical().reset_index(drop=True)
    more = pd.concat([more, more.head(1)], ignore_index=True)
    with pytest.raises(of.CohortError, match="row numbers would pair different patients"):
        of.Cohort.from_tables({"rna": few}, more)


def test_text_columns_of_the_same_name_are_named() -> None:
    twice = clinical().assign(sex="f")
    twice = pd.concat([twice[["sex"]], twice[["sex"]], twice[["days"]]], axis=1)
    with pytest.raises(of.CohortError, match="sex"):
        of.Cohort.from_tables({"rna": values()}, twice)


@pytest.mark.parametrize("endpoint", [["os"], {"os": 1}, None])
def test_an_endpoint_is_one_name(endpoint: object) -> None:
    cohort = of.Cohort.from_tables({"rna": values()}, clinical(), {"os": ("days", "event")})
    with pytest.raises(of.CohortError, match="expected one name as text"):
        cohort.survival(endpoint)


@pytest.mark.parametrize("n", [1, 2, 9])
@pytest.mark.parametrize("layers", [1, 2])
def test_too_few_patients_are_no_fault_of_a_layer(n: int, layers: int) -> None:
    tables = {name: values().head(n) for name in ("rna", "protein")[:layers]}
    with pytest.raises(of.CohortError, match=f"{n} patient.* 10 ") as found:
        of.fuse(tables)
    assert "Remove the layer" not in str(found.value)


def test_whole_numbers_are_names_without_a_point() -> None:
    """An index becomes one of floats where one of its numbers was missing before."""
    numbers = [float(number) for number in range(101, 113)]
    cohort = of.Cohort.from_tables(
        {"rna": values().set_axis(numbers)}, clinical().set_axis(range(101, 113))
    )
    assert list(cohort.patients())[:2] == ["101", "102"]


def test_advice_is_given_in_python_too() -> None:
    cohort = of.Cohort.from_tables({"rna": values()}, clinical())
    for one, said in (
        (cohort, 'endpoints={"os": ("TIME_COLUMN", "EVENT_COLUMN")}'),
        (of.Cohort.from_tables({"rna": values()}), 'clinical=table, endpoints={"os": '),
    ):
        with pytest.raises(of.CohortError, match=re.escape(said)) as found:
            one.survival("os")
        assert "[clinical.endpoints.os]" in str(found.value)


def test_numbered_patients_may_be_columns_of_another_table() -> None:
    rna = pd.DataFrame(np.arange(36.0).reshape(3, 12) / 7, index=["TP53", "EGFR", "KRAS"])
    clinical = pd.DataFrame({"age": np.arange(50.0, 62.0)})
    cohort = of.Cohort.from_tables({"rna": rna}, clinical)
    assert cohort.omics["rna"].table.shape == (12, 3)


def test_floats_are_the_same_names_everywhere() -> None:
    index = pd.Index(np.arange(101.0, 113.0))
    assert names_as_text(index).tolist() == [str(i) for i in range(101, 113)]
    volume = pd.Series(np.arange(12.0) + 1, index)
    table = pd.DataFrame({"f": np.arange(12.0)}, names_as_text(index))
    assert tumour_volume(table, volume).amounts.tolist() == volume.tolist()
