"""What a prompt and a notebook show: a few lines, whatever the object holds; HTML is escaped."""

import sys
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core import results as nouns
from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.results import (
    VERDICTS,
    Assessment,
    Fusion,
    Prepared,
    Signature,
    Subtypes,
    SurvivalComparison,
    Verification,
)
from omicsfuse.core.shown import LONGEST, Shown, some

sys.path.insert(0, str(Path(__file__).parent / "report"))
from synthetic_results import make_results


def whole() -> list[Shown]:
    """Every noun of a run."""
    made = make_results()
    found: list[Shown] = [made, made.cohort, made.prepared, made.fusion, made.subtypes]
    found += [made.assessment, *made.survival.values()]
    found += [each for each in (made.signature, made.verification) if each is not None]
    found += [*made.cohort.omics.values(), *made.prepared.layers.values()]
    return found


@pytest.mark.parametrize("shown", whole(), ids=lambda shown: type(shown).__name__)
def test_nouns_are_short_and_print_no_table(shown: Shown) -> None:
    text = repr(shown)
    assert text.startswith(f"{type(shown).__name__}: ")
    assert 1 < len(text.splitlines()) <= 9
    assert len(text) < LONGEST == 600
    assert "..." not in text
    assert "\n\n" not in text


def test_headlines_are_those_of_the_results() -> None:
    made = make_results(k=3, n=60)
    patients = len(made.fusion.patients)
    assert repr(made.subtypes).startswith(f"Subtypes: 3 subtypes of {patients} patients\n")
    sizes = made.subtypes.labels.value_counts()
    assert f"sizes: S1 {sizes['S1']}, S2 {sizes['S2']}, S3 {sizes['S3']}" in repr(made)
    assert made.assessment.verdict in repr(made.assessment)
    (endpoint, comparison), *_ = made.survival.items()
    row = comparison.tests.iloc[0]
    assert f"{row['n']} patients, {row['events']} event" in repr(comparison)
    assert f"overall: p = {row['p_asymptotic']:.2g}" in repr(comparison)
    assert f"{endpoint} = {row['p_asymptotic']:.2g}" in repr(made)
    own = made.cohort.survival(endpoint)
    assert f"endpoint {endpoint}: {len(own)} patients" in repr(made.cohort)


def empty() -> list[Shown]:
    """Objects with as little in them as can be made."""
    nothing = pd.DataFrame()
    one = pd.DataFrame({"A": [1.0]}, index=["P1"])
    columns = ["comparison", "n", "events", "p_asymptotic", "p_permutation", "note"]
    return [
        Cohort("", {}),
        Cohort("one", {"rna": Layer("expression", one)}),
        Layer("expression", one),
        Layer("expression", nothing),
        Layer("expression", None),
        Prepared("empty", {}),
        Fusion(one.set_axis(["P1"], axis=1), {}, pd.DataFrame(index=["P1"]), {}),
        Subtypes(pd.Series(dtype=str), {}, {}),
        Subtypes(pd.Series(["S1"], ["P1"]), {}, {}),
        Subtypes(pd.Series(["S1", np.nan], ["P1", "P2"]), {"patients": nothing}, {}),
        Assessment(nothing, nothing, {}),
        SurvivalComparison("os", "days", pd.DataFrame(columns=columns), nothing, nothing, nothing),
        Signature("s", nothing, nothing, "log2", {}, {}),
        Verification(pd.DataFrame(columns=["cohort", "endpoint", "contrast"]), {}, {}),
    ]


@pytest.mark.parametrize("shown", empty(), ids=lambda shown: type(shown).__name__)
def test_empty_and_one_patient_objects_are_shown(shown: Shown) -> None:
    assert repr(shown).startswith(f"{type(shown).__name__}")
    assert len(repr(shown)) < LONGEST
    assert shown._repr_html_().startswith("<div><strong>")


def test_one_patient_is_not_in_the_plural() -> None:
    table = pd.DataFrame({"A": [1.0], "time": [3.0], "event": [1]}, index=["P1"])
    ends = {"os": Endpoint("time", "event")}
    cohort = Cohort(
        "one", {"rna": Layer("expression", table[["A"]])}, table[["time", "event"]], ends
    )
    assert repr(cohort).splitlines() == [
        "Cohort: one, 1 patient, 1 layer",
        "  rna: 1 patient x 1 feature (expression, log2)",
        "  clinical: 1 patient x 2 columns",
        "  endpoint os: 1 patient, 1 event",
    ]


def test_long_names_and_many_layers_stay_short() -> None:
    table = pd.DataFrame(1.5, index=["P1", "P2"], columns=["A"])
    name = "a layer with a very long name " * 4
    omics = {f"{name}{i}": Layer("expression", table) for i in range(30)}
    cohort = Cohort("cohort " * 60, omics)
    assert len(repr(cohort)) < LONGEST
    assert "and 28 more" in repr(cohort)
    assert repr(cohort).splitlines()[0].endswith("…, 2 patients, 30 layers")
    few = Cohort("few", dict(list(omics.items())[:5]))
    assert len(repr(few)) < LONGEST
    assert "…" in repr(few)


class Told(HTMLParser):
    """Text and tags of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_html_is_escaped_and_says_the_same() -> None:
    evil = "<script>alert('x')</script>"
    table = pd.DataFrame(1.5, index=["P1", "P2"], columns=["A"])
    cohort = Cohort(evil, {"<b>&rna": Layer("expression", table)})
    told = Told()
    told.feed(cohort._repr_html_())
    assert set(told.tags) == {"div", "strong", "table", "tr", "th", "td"}
    assert told.text[0] == repr(cohort).splitlines()[0]
    assert f"  {told.text[1]}: {told.text[2]}" == repr(cohort).splitlines()[1]
    assert evil in told.text[0]


def test_every_result_is_shown_and_none_by_its_tables() -> None:
    classes = [each for each in vars(nouns).values() if is_dataclass(each)]
    assert len(classes) > 12
    for each in classes:
        assert issubclass(each, Shown), each.__name__
        assert each.__repr__ is Shown.__repr__, f"{each.__name__}: repr=False is missing"


def test_results_without_words_of_their_own_are_shown_by_sizes() -> None:
    made = make_results()
    biology = nouns.Biology(pairwise=made.markers, params={"seed": 1})
    rows, columns = made.markers.shape
    assert repr(biology).splitlines() == [
        "Biology",
        f"  pairwise: {rows} rows x {columns} columns",
        "  params: seed",
    ]
    assert len(fields(biology)) > 8


def test_a_cohort_made_of_a_cohort_is_shown_alike() -> None:
    cohort = make_results().cohort
    assert repr(replace(cohort, name="other")) == repr(cohort).replace(cohort.name, "other", 1)


def test_members_that_have_no_room_are_counted() -> None:
    assert some([]) == ""
    assert some(["a" * 99, "b" * 99, "c"]) == "a" * 25 + "… and 2 more"
    assert some(["one"]) == "one"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"range": [3, 3], "rule": "3, as asked"}, "number: 3, as asked"),
        ({"range": [2, 6], "rule": "the smallest of 2 to 6 " * 9}, "number: 1, chosen from 2 to 6"),
        (
            {"range": [2, 6], "chosen_with_outcome": "os"},
            "number: 1, chosen from 2 to 6 by os",
        ),
        ({"names": {"S1": "A"}, "rule": "as many"}, "number: as many as there are labels"),
        ({}, "sizes: S1 1"),
    ],
)
def test_the_number_of_subtypes_is_told_in_a_few_words(params: dict, said: str) -> None:
    text = repr(Subtypes(pd.Series(["S1"], ["P1"]), {}, params))
    assert said in text.splitlines()[-1]
    assert "…" not in text


def test_an_assessment_says_what_it_does_not_weigh_and_where_p_cannot_be_smaller() -> None:
    table = pd.DataFrame()
    made = Assessment(table, table, {"n_draws": 39}, 0.025, 0.3, VERDICTS[1])
    assert "groups p = 0.3 (smallest possible: 0.025)" in repr(made)
    assert "not weighed: technical and clinical variables (`omicsfuse.run` does)" in repr(made)
    assert "smallest" not in repr(replace(made, p_shared=0.05))
    assert "smallest" in repr(replace(made, p_shared=float("nan"), p_structure=0.025))
    assert "not weighed" not in repr(Assessment(table, table, {}))
    layers = pd.DataFrame({"p_adds": [0.5]}, index=["a layer with a long name"])
    assert "layers: a layer with a p = 0.5" in repr(Assessment(table, layers, {}))


def test_a_run_shows_its_status_and_reservations() -> None:
    weighed = replace(
        make_results(),
        status="supported, with reservations",
        reservations={"technical_variable": "Scanner explains much of the subtypes.", "draws": "p"},
    )
    assert "status: supported, with reservations\n" in repr(weighed)
    assert "reservations: technical variable, draws\n" in repr(weighed)
