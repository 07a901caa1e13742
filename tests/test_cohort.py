"""The gate: what it normalises, what it counts, and what the cohort answers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.checks.gene_dates import looks_like_date, restorations
from omicsfuse.core.checks.tables import did_you_mean, transposed_against
from omicsfuse.core.cohort import (
    KINDS,
    MINIMUM_PATIENTS,
    Cohort,
    Endpoint,
    Exclusion,
    Layer,
    describe_layer,
)
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.preprocessing import preprocess


def _table(patients: list[str], features: list[str], start: float = 0.5) -> pd.DataFrame:
    values = start + np.arange(len(patients) * len(features)).reshape(len(patients), len(features))
    return pd.DataFrame(values, index=patients, columns=features)


def _clinical(patients: list[str]) -> pd.DataFrame:
    n = len(patients)
    return pd.DataFrame({"time": np.arange(n) * 10.0, "event": [0, 1] * (n // 2)}, index=patients)


def test_tables_become_float_with_named_patients() -> None:
    table = pd.DataFrame({1: [1, 2]}, index=[7, 8])
    cohort = Cohort("a", {"g": Layer("continuous", table)})
    result = cohort.omics["g"].table
    assert result.index.tolist() == ["7", "8"]
    assert result.index.name == "patient"
    assert result.columns.tolist() == ["1"]
    assert (result.dtypes == np.float64).all()
    assert cohort.omics["g"].scale == KINDS["continuous"].scales[0]


def test_nullable_and_text_columns_become_float() -> None:
    table = pd.DataFrame(
        {
            "a": pd.array([1, None, 3], dtype="Int64"),
            "b": ["1.5", " 2", None],
            "c": pd.array(["1", None, "2"], dtype="string"),
        },
        index=["P1", "P2", "P3"],
    )
    result = Cohort("a", {"x": Layer("protein", table)}).omics["x"].table
    expected = [[1, 1.5, 1], [np.nan, 2, np.nan], [3, np.nan, 2]]
    np.testing.assert_array_equal(result.to_numpy(), expected)


def test_true_and_false_are_read_in_a_mutation_layer() -> None:
    table = pd.DataFrame({"TP53": [True, False], "KRAS": ["TRUE", None]}, index=["P1", "P2"])
    result = Cohort("a", {"m": Layer("mutation", table)}).omics["m"].table
    np.testing.assert_array_equal(result.to_numpy(), [[1, 1], [0, np.nan]])


def test_the_given_table_is_not_changed() -> None:
    table = _table(["P1", "P2"], ["A"]).astype(object)
    before = table.copy()
    Cohort("a", {"x": Layer("continuous", table)})
    pd.testing.assert_frame_equal(table, before)


def test_messages_name_the_layer_where_there_is_no_file() -> None:
    with pytest.raises(CohortError, match=r'^layer "x": 1 duplicate patient: "P1" in rows 1, 2'):
        Cohort("a", {"x": Layer("continuous", _table(["P1", "P1"], ["A"]))})
    source = Layer("continuous", _table(["P1", "P1"], ["A"]), source="x.tsv")
    with pytest.raises(CohortError, match=r'^layer "x" \(x\.tsv\): 1 duplicate'):
        Cohort("a", {"x": source})


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Layer("genes", _table(["P1"], ["A"])), 'kind = "genes" is not known'),
        (Layer("mutation", _table(["P1"], ["A"]), "beta"), "Valid: binary"),
        (Layer("protein", _table([], ["A"])), r"it has no rows \(0 patients x 1 features\)"),
        (Layer("protein", _table(["P1"], [])), r"it has no columns"),
        (Layer("protein", pd.Series([1.0])), "found a Series; expected a pandas.DataFrame"),
        (Layer("protein", _table(["P1", " "], ["A"])), r"rows 2 \(of 2\) have no patient name"),
        (Layer("protein", _table(["P1"], [None])), "columns 1 .* have no feature name"),
        (_table(["P1"], ["A"]), "expected a Layer"),
    ],
)
def test_layers_made_by_hand_are_refused(layer: Layer, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        Cohort("a", {"x": layer})


def test_dates_and_complex_numbers_are_no_features() -> None:
    days = pd.to_datetime(["2020-01-01", "2020-01-02"])
    for column in (days, [1j, 2j]):
        table = pd.DataFrame({"A": column}, index=["P1", "P2"])
        expected = r"are dates, not features|every value is missing"
        with pytest.raises(CohortError, match=expected):
            Cohort("a", {"x": Layer("continuous", table)})


def test_transposed_table_is_told_by_the_clinical_table() -> None:
    patients = ["P1", "P2", "P3", "P4"]
    table = _table(patients, ["A", "B"]).T
    with pytest.raises(CohortError, match=r"4 of 4 columns are patients .* pass table\.T"):
        Cohort("a", {"x": Layer("continuous", table)}, _clinical(patients))


def test_transposed_table_is_told_by_the_other_layers() -> None:
    patients = ["P1", "P2", "P3", "P4"]
    right = Layer("continuous", _table(patients, ["A", "B", "C"]))
    wrong = Layer("continuous", right.table.T)
    with pytest.raises(CohortError, match=r'^layer "wrong": rows are not patients'):
        Cohort("a", {"one": right, "wrong": wrong, "two": right})


def test_patients_without_clinical_data_or_layers_are_counted_once() -> None:
    cohort = Cohort(
        "a",
        {"x": Layer("continuous", _table(["P1", "P2", "P9"], ["A"]))},
        _clinical(["P1", "P2", "P3", "P4"]),
    )
    assert [
        (exclusion.layer, exclusion.what, exclusion.count, exclusion.examples)
        for exclusion in cohort.exclusions
    ] == [
        ("x", "patients", 1, ("P9",)),
        ("clinical", "patients", 2, ("P3", "P4")),
    ]
    assert replace(cohort, name="b").exclusions == cohort.exclusions


def test_patients_who_are_not_in_the_clinical_table_do_not_enter() -> None:
    names = [f"P{i}" for i in range(10)]
    layer = Layer("continuous", _table(["Q1", *names, "Q2"], ["A", "B"]))
    cohort = Cohort("a", {"x": layer}, _clinical(names))
    assert cohort.omics["x"].table.index.tolist() == names
    assert cohort.patients().tolist() == names
    assert cohort.exclusions == (
        Exclusion("read", "x", "patients", 2, "not in the clinical table: excluded", ("Q1", "Q2")),
    )
    alone = Cohort("a", {"x": layer})
    assert len(alone.omics["x"].table) == 12
    assert alone.exclusions == ()


def test_patients_outside_the_clinical_table_change_no_result() -> None:
    names = [f"P{i}" for i in range(20)]
    calls = np.zeros((60, 2))
    calls[:10, 0] = calls[:2, 1] = 1  # 2 of 20 patients, but 2 of 60 or 500 are too few
    everyone = [*names, *(f"Q{i}" for i in range(40))]
    table = pd.DataFrame(calls, everyone, ["TP53", "RARE"])
    clinical = _clinical(names)
    settings = {"m": {"min_prevalence": 0.1}}
    wide = preprocess(Cohort("a", {"m": Layer("mutation", table)}, clinical), settings=settings)
    narrow = preprocess(
        Cohort("a", {"m": Layer("mutation", table.loc[names])}, clinical), settings=settings
    )
    pd.testing.assert_frame_equal(wide.layers["m"].scaled, narrow.layers["m"].scaled)
    assert wide.layers["m"].scaled.shape == (20, 2)


def test_a_layer_that_shares_no_patient_with_the_clinical_table_is_refused() -> None:
    layer = Layer("continuous", _table(["P-1", "P-2"], ["A"]))
    with pytest.raises(CohortError, match=r'none of its 2 patients \(e\.g\. "P-1".*"P1", "P2"'):
        Cohort("a", {"x": layer}, _clinical(["P1", "P2"]))


def test_a_layer_of_which_only_missing_values_remain_is_refused() -> None:
    table = pd.DataFrame({"A": [np.nan, 1.0]}, index=["P1", "Q1"])
    with pytest.raises(CohortError, match=r"every value of the 1 patient in .* is missing"):
        Cohort("a", {"x": Layer("continuous", table)}, _clinical(["P1", "P2"]))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "a layer has an empty name"),
        (" ", "a layer has an empty name"),
        (3, "a layer is named 3, which is of type int"),
        ("a/b", 'a layer is named "a/b"; expected a name without slashes'),
        ("a\n", "line breaks in it"),
        (" rna", "with space around it"),
    ],
)
def test_names_of_layers(name: str, message: str) -> None:
    layer = Layer("continuous", _table(["P1", "P2"], ["A"]))
    with pytest.raises(CohortError, match=message):
        Cohort("a", {name: layer})


def test_ignored_clinical_columns_are_kept_by_name() -> None:
    layer = {"x": Layer("continuous", _table(["P1", "P2"], ["A"]))}
    cohort = Cohort("a", layer, _clinical(["P1", "P2"]), ignore=("time",))
    assert cohort.ignore == ("time",)
    assert Cohort("a", layer).ignore == ()


def test_exclusions_given_by_the_reader_are_kept() -> None:
    exclusion = Exclusion("read", "x", "samples", 1, "normal")
    layer = Layer("continuous", _table(["P1", "P2"], ["A"]))
    assert Cohort("a", {"x": layer}, exclusions=(exclusion,)).exclusions == (exclusion,)


def test_patients_come_sorted() -> None:
    one = Layer("continuous", _table(["P3", "P9", "P1", "P2"], ["A"]))
    two = Layer("continuous", _table(["P2", "P9", "P3"], ["A"]))
    cohort = Cohort("a", {"one": one, "two": two}, _clinical(["P4", "P2", "P3", "P1"]))
    assert cohort.patients().tolist() == ["P2", "P3"]
    assert cohort.patients(["one"]).tolist() == ["P1", "P2", "P3"]
    assert cohort.patients([]).tolist() == ["P1", "P2", "P3", "P4"]
    without = Cohort("a", {"one": one, "two": two})
    assert without.patients().tolist() == ["P2", "P3", "P9"]
    assert without.patients([]).tolist() == []
    with pytest.raises(CohortError, match='there is no layer "tow"; did you mean "two"'):
        cohort.patients(["tow"])


def test_the_order_of_rows_leaves_no_trace(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    assert cohort.clinical is not None
    stranger = cohort.omics["mutation"].table.iloc[:7].rename(index=lambda name: f"X{name}")
    omics = dict(cohort.omics)
    table = pd.concat([omics["mutation"].table.iloc[20:], stranger])
    omics["mutation"] = given = replace(omics["mutation"], table=table)
    one = replace(cohort, omics=omics)
    assert one.exclusions[0].count == 7
    rng = np.random.default_rng(5)

    def shuffled(table: pd.DataFrame) -> pd.DataFrame:
        return table.iloc[rng.permutation(len(table))]

    layers = {
        name: replace(layer, table=shuffled(layer.table)) for name, layer in one.omics.items()
    }
    layers["mutation"] = replace(given, table=shuffled(given.table))
    assert one.clinical is not None
    other = replace(one, omics=layers, clinical=shuffled(one.clinical), exclusions=())
    pd.testing.assert_frame_equal(other.clinical, one.clinical)
    for name, layer in one.omics.items():
        pd.testing.assert_frame_equal(other.omics[name].table, layer.table)
        assert layer.table.index.tolist() == sorted(layer.table.index)
    pd.testing.assert_index_equal(other.patients(), one.patients())
    pd.testing.assert_frame_equal(other.survival("os"), one.survival("os"))
    assert other.exclusions == one.exclusions


def test_messages_count_the_rows_as_given() -> None:
    table = pd.DataFrame({"A": [1.0, 2.0, 7.0]}, index=["P9", "P5", "P1"])
    with pytest.raises(CohortError, match=r'patient "P1" \(row 3\): 7'):
        Cohort("a", {"x": Layer("copy_number", table, "gistic")})
    clinical = pd.DataFrame({"t": [1, 2, np.inf], "e": [0, 1, 1]}, index=["P9", "P5", "P1"])
    with pytest.raises(CohortError, match=r'"P1.*inf'):
        Cohort("a", {}, clinical, {"os": Endpoint("t", "e")})


def _counts(n_genes: int, unit: float) -> pd.DataFrame:
    counts = np.random.default_rng(0).poisson(300, (12, n_genes)) * unit
    names = [f"G{j}" for j in range(n_genes)]
    return pd.DataFrame(counts, [f"P{i:02d}" for i in range(12)], names)


@pytest.mark.parametrize("kind", ["expression", "mirna"])
def test_counts_that_look_normalised_are_told(kind: str) -> None:
    table = _counts(1200, 1.37)
    with pytest.warns(OmicsfuseWarning) as told:
        Cohort("a", {"x": Layer(kind, table, "counts", source="x.tsv")})
    (message,) = (str(warning.message) for warning in told)
    assert message.startswith('layer "x" (x.tsv): scale = "counts" is declared but ')
    assert "look normalised already" in message
    assert 'scale = "normalised_counts"' in message.splitlines()
    # Declared as what they are, or on a whole transcriptome of whole numbers, they are fine.
    for scale, unit in (("normalised_counts", 1.37), ("counts", 1.0)):
        cohort = Cohort("a", {"x": Layer(kind, _counts(1200, unit), scale)})
        assert cohort.omics["x"].scale == scale


def test_counts_of_a_small_panel_are_told() -> None:
    with pytest.warns(
        OmicsfuseWarning,
        match=r"for 198 genes\. .*depend on the choice of "
        r"genes",
    ):
        Cohort("a", {"x": Layer("expression", _counts(198, 1.0), "counts")})
    Cohort("a", {"x": Layer("mirna", _counts(198, 1.0), "counts")})


def test_the_study_is_kept() -> None:
    omics = {"x": Layer("continuous", _table(["P1", "P2"], ["A"]))}
    assert Cohort("a", omics).study == ""
    assert replace(Cohort("a", omics, study="TCGA-HNSC"), name="b").study == "TCGA-HNSC"


def test_common_patients_counts_each_layer(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    assert len(cohort.common_patients(["radiomics", "mutation"])) == 90
    few = Layer("continuous", _table([f"SIM-{i:04d}" for i in range(1, 10)], ["A"]))
    with pytest.raises(CohortError) as refusal:
        Cohort("c", {**cohort.omics, "few": few}, cohort.clinical).common_patients(
            ["radiomics", "few"]
        )
    message = str(refusal.value)
    assert f"9 patients in common in radiomics, few; at least {MINIMUM_PATIENTS}" in message
    assert 'layer "few": 9 patients, 9 of them in radiomics, e.g. "SIM-0001", "SIM-' in message
    assert 'layer "radiomics": 90 patients, e.g. "SIM-0001"' in message


def test_survival_leaves_out_what_is_missing_and_counts_it() -> None:
    clinical = pd.DataFrame(
        {"t": ["0", "5", None, "7", "0"], "e": ["true", "FALSE", "true", None, None]},
        index=["P1", "P2", "P3", "P4", "P5"],
    )
    cohort = Cohort("a", {}, clinical, {"os": Endpoint("t", "e", "months")})
    survival = cohort.survival("os")
    assert survival.to_dict("list") == {"time": [0.0, 5.0], "event": [1, 0]}
    assert survival.dtypes.astype(str).tolist() == ["float64", "int64"]
    assert survival.index.name == "patient"
    assert [
        (exclusion.count, exclusion.examples) for exclusion in cohort.survival_exclusions("os")
    ] == [
        (3, ("P3", "P4", "P5")),
        (1, ("P1",)),
    ]


@pytest.mark.parametrize(
    "events",
    [
        [0, 1, 1, 0],
        [0.0, 1.0, 1.0, 0.0],
        [False, True, True, False],
        ["0", "1", "1", "0"],
        ["0.0", "1.0", "1.0", "0.0"],
        ["false", "True", "TRUE", "False"],
        pd.array([0, 1, 1, 0], dtype="Int64"),
        pd.array([False, True, True, False], dtype="boolean"),
    ],
)
def test_events_in_every_plain_form(events: list) -> None:
    clinical = pd.DataFrame({"t": [1, 2, 3, 4], "e": events}, index=list("ABCD"))
    cohort = Cohort("a", {}, clinical, {"os": Endpoint("t", "e")})
    assert cohort.survival("os")["event"].tolist() == [0, 1, 1, 0]


def test_events_mapped_by_words_and_numbers() -> None:
    clinical = pd.DataFrame({"t": [1, 2, 3], "e": [2.0, 1.0, None]}, index=list("ABC"))
    endpoint = Endpoint("t", "e", event_values={"2": 1, "1": 0})
    assert Cohort("a", {}, clinical, {"os": endpoint}).survival("os")["event"].tolist() == [1, 0]
    with pytest.raises(CohortError, match=r"event_values gives \{'2': 3.0\}"):
        Cohort("a", {}, clinical, {"os": Endpoint("t", "e", event_values={"2": 3})})


LATE = pd.DataFrame(
    {
        "t": [5.0, 6, 0, 8, 9, 10],
        "e": ["dead", "alive", "alive", "other", None, "dead"],
        "first seen": [0.0, 6, 0, 2, 1, None],
        "relapse": [0, 1, 0, 0, 1, 1],
    },
    index=list("ABCDEF"),
)
WORDS = {"dead": 1, "alive": 0, "other": 2}


def test_late_entry_and_competing_events_are_read_and_counted() -> None:
    endpoint = Endpoint("t", "e", event_values=WORDS, entry="first seen")
    cohort = Cohort("a", {}, LATE, {"os": endpoint})
    assert cohort.survival("os").to_dict("list") == {
        "time": [5.0, 8.0],
        "event": [1, 0],
        "cause": [1, 2],
        "entry": [0.0, 2.0],
    }
    assert cohort.causes("os") == {1: "dead", 2: "other"}
    assert [
        (exclusion.reason, exclusion.examples) for exclusion in cohort.survival_exclusions("os")
    ] == [
        ("os: time, event or entry missing, excluded", ("E", "F")),
        ("os: entry at or after the end of follow-up, never at risk, excluded", ("B", "C")),
    ]


def test_a_column_of_competing_events() -> None:
    endpoint = Endpoint("t", "e", event_values={**WORDS, "other": 0}, competing="relapse")
    cohort = Cohort("a", {}, LATE, {"os": endpoint})
    survival = cohort.survival("os")
    assert survival["event"].to_dict() == {"A": 1, "B": 0, "C": 0, "D": 0, "F": 1}
    assert survival["cause"].to_dict() == {"A": 1, "B": 2, "C": 0, "D": 0, "F": 1}
    assert cohort.causes("os") == {1: "dead", 2: "competing (relapse)"}
    plain = Cohort("a", {}, LATE, {"os": Endpoint("t", "relapse")})
    assert plain.causes("os") == {1: "os"}
    assert "cause" not in plain.survival("os")


@pytest.mark.parametrize(
    "values", [{"dead": 2, "alive": 0, "other": 3}, {"dead": -1, "alive": 0, "other": 1}]
)
def test_event_codes_without_the_event_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(CohortError, match=r'"os": event_values gives .* 1 \(the event happened\)'):
        Cohort("a", {}, LATE, {"os": Endpoint("t", "e", event_values=values)})


@pytest.mark.parametrize("key", ["entry", "competing"])
def test_a_column_that_is_not_there_is_named(key: str) -> None:
    endpoint = Endpoint("t", "relapse", **{key: "first sen"})
    with pytest.raises(CohortError, match=r'"first sen".*of endpoint "os".*"first seen"'):
        Cohort("a", {}, LATE, {"os": endpoint}).survival("os")
    wrong = Endpoint("t", "relapse", **{key: "e"})
    with pytest.raises(CohortError, match=r'column "e".*(not a number|not understood|numbers)'):
        Cohort("a", {}, LATE, {"os": wrong}).survival("os")


def test_asking_for_survival_that_is_not_there_says_what_to_add() -> None:
    layer = {"x": Layer("continuous", _table(["P1", "P2"], ["A"]))}
    with pytest.raises(
        CohortError, match=r"needs a clinical table; the cohort has none"
    ) as refusal:
        Cohort("a", layer).survival("os")
    assert '[clinical]\nfile = "clinical.tsv"\n\n[clinical.endpoints.os]' in str(refusal.value)
    cohort = Cohort("a", layer, _clinical(["P1", "P2"]), {"os": Endpoint("time", "event")})
    with pytest.raises(CohortError, match=r'no endpoint "pfi"; Valid: os') as refusal:
        cohort.survival("pfi")
    assert 'out of "time", "event":\n[clinical.endpoints.pfi]\ntime = ' in str(refusal.value)
    with pytest.raises(CohortError, match="it has none"):
        Cohort("a", layer, _clinical(["P1", "P2"])).survival_exclusions("os")


def test_clinical_columns_need_a_clinical_table() -> None:
    layer = {"x": Layer("continuous", _table(["P1", "P2"], ["A"]))}
    with pytest.raises(CohortError, match=r'\("os", "age"\) but there is no clinical table'):
        Cohort("a", layer, endpoints={"os": Endpoint("t", "e")}, covariates=("age",))
    with pytest.raises(CohortError, match=r'expected a list of columns, \["age"\]'):
        Cohort("a", layer, _clinical(["P1", "P2"]), covariates="age")


def test_describe_layer_counts_what_is_of_no_use() -> None:
    table = pd.DataFrame(
        {"a": [1.0, 2, 3], "constant": 5.0, "sparse": [1, np.nan, np.nan], "void": np.nan},
        index=["P1", "P2", "P3"],
    )
    assert describe_layer(Layer("continuous", table, "raw")) == {
        "kind": "continuous",
        "scale": "raw",
        "n_patients": 3,
        "n_features": 4,
        "missing": 5,
        "min": 1.0,
        "max": 5.0,
        "constant": 3,
        "mostly_missing": 2,
    }
    empty = describe_layer(Layer("continuous", table.iloc[:0]))
    assert (empty["n_patients"], empty["mostly_missing"]) == (0, 0)


@pytest.mark.parametrize(
    "name",
    [
        "1-Mar",
        "01-Mar",
        "2-MAR",
        "X1.Mar",
        "1. Mrz",
        "Sep-02",
        "Mar-01",
        "2023-09-02",
        "4-Okt",
        "2023/9/2",
        "9/2/2023",
        "02.09.2023",
        "1-Mar-2021",
        "2001-03-01 00:00:00",
        "1-Dec",
        "3/1/23",
    ],
)
def test_dates_are_told(name: str) -> None:
    assert looks_like_date(name)


@pytest.mark.parametrize(
    "name",
    [
        "MARCH1",
        "MARC2",
        "SEPT9",
        "DEC1",
        "SEPTIN2",
        "JUN",
        "JUN.1",
        "HLA-A",
        "NKX2-1",
        "14-3-3_beta",
        "7SK",
        "SEPT5.GP1BB",
        "2023",
        "1p",
        "cg00000029",
        "Mar",
        "hsa-mir-10",
        "OCT4",
        "NOV",
    ],
)
def test_gene_names_are_not_dates(name: str) -> None:
    assert not looks_like_date(name)


def test_only_certain_dates_are_restored() -> None:
    found = restorations(
        ["11-Mar", "1-Mar", "2-Mar", "9-Sep", "15-Sep", "13-Sep", "Sep-02", "1-Dec"]
    )
    assert found == {"11-Mar": "MARCH11", "9-Sep": "SEPT9", "15-Sep": "SEP15", "1-Dec": "DEC1"}
    assert restorations(["11-Mar", "11-MAR"]) == {}
    assert restorations(["11-Mar", "march11"]) == {}


def test_restored_genes_keep_their_description_and_are_restored_once() -> None:
    features = pd.DataFrame({"chromosome": ["5", "17"]}, index=["11-Mar", "TP53"])
    layer = Layer("expression", _table(["P1", "P2"], ["11-Mar", "TP53"]), "log2", features)
    with pytest.warns(OmicsfuseWarning, match=r'layer "x": .* 11-Mar -> MARCH11'):
        cohort = Cohort("a", {"x": layer})
    restored = cohort.omics["x"]
    assert restored.features is not None
    assert (
        restored.features.index.tolist() == restored.table.columns.tolist() == ["MARCH11", "TP53"]
    )
    assert replace(cohort, name="b").exclusions == cohort.exclusions
    assert cohort.exclusions[0].what == "features"


def test_names_are_free_in_layers_without_genes() -> None:
    layer = Layer("continuous", _table(["P1", "P2"], ["1-Mar", "Sep-02"]))
    assert Cohort("a", {"x": layer}).omics["x"].table.columns.tolist() == ["1-Mar", "Sep-02"]


def test_did_you_mean_is_short_for_many_options() -> None:
    text = did_you_mean("TP53", [f"G{i}" for i in range(20_000)])
    assert text.endswith("and 19,992 more")
    assert did_you_mean("x", []) == ""


@st.composite
def _names(draw: st.DrawFn) -> tuple[pd.Index, pd.Index]:
    patients = draw(st.lists(st.text("PQ123", min_size=1), min_size=2, max_size=6, unique=True))
    genes = draw(st.lists(st.text("GHab", min_size=1), min_size=1, max_size=6, unique=True))
    return pd.Index(patients), pd.Index(genes)


@settings(max_examples=50, deadline=None)
@given(_names())
def test_a_table_and_its_transpose_are_never_both_refused(names: tuple[pd.Index, pd.Index]) -> None:
    patients, genes = names
    assert transposed_against(patients, genes, [patients]) is None
    assert transposed_against(genes, patients, [patients]) is not None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), unique=True, min_size=1), min_size=1, max_size=4))
def test_patients_are_the_intersection(sets: list[list[int]]) -> None:
    omics = {
        f"l{i}": Layer("continuous", _table([f"P{j}" for j in members], ["A"]))
        for i, members in enumerate(sets)
    }
    cohort = Cohort("a", omics)
    expected = set.intersection(*(set(layer.table.index) for layer in omics.values()))
    assert set(cohort.patients()) == expected
    assert cohort.patients().is_unique


def test_swapped_time_and_event_are_told() -> None:
    patients = [f"P{i}" for i in range(30)]
    table = pd.DataFrame({"g": np.arange(30.0), "h": np.arange(30.0) ** 2}, patients)
    clinical = pd.DataFrame({"days": range(100, 130), "dead": [0, 1] * 15}, patients)
    with pytest.raises(CohortError, match="time and event may be swapped") as found:
        Cohort.from_tables({"r": table}, clinical, {"os": ("dead", "days")}, kinds="continuous")
    assert "event_values" not in str(found.value)
