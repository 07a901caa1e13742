"""Given labels in the report: what they are called, and that nothing claims to have found them."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from said import caveats, summary_sentences
from synthetic_results import make_results

from omicsfuse.core.results import VERDICTS, RunResults, Subtypes
from omicsfuse.pipeline.summary import summary
from omicsfuse.report import summary_record
from omicsfuse.report.conclusion import GIVEN, conclude
from omicsfuse.report.front import front
from omicsfuse.report.page import methods_text, shown
from omicsfuse.report.sections import given_labels
from omicsfuse.report.sections.verdict import exploratory_mark


def labelled(p: float = 0.001, *, jaccard: float = 0.45, verdict: str = VERDICTS[0]) -> RunResults:
    """Results whose subtypes are given labels."""
    results = make_results(3, n=90, jaccard=jaccard, verdict=verdict)
    names = {"S1": "LumA", "S2": "Basal <i>", "S3": "Her2"}
    given = Subtypes.from_labels(results.subtypes.labels.map(names), source="PAM50 & co")
    assert given.label_names == names
    table = results.subtypes.evidence["n_clusters"].assign(chosen=False)
    evidence = {**results.subtypes.evidence, "n_clusters": table}
    measured = pd.DataFrame(
        {
            "subtype": ["all", *names],
            "label": ["", *names.values()],
            "n": [len(given.labels), *given.labels.value_counts()],
            "silhouette": [0.21, 0.2, 0.3, 0.1],
            "silhouette_shuffled": -0.1,
            "p": p,
            "fdr": [float("nan"), p, p, p],
            "own_cut_silhouette": [0.5] + [float("nan")] * 3,
            "own_cut_agreement": [0.17] + [float("nan")] * 3,
            "n_permutations": 999,
        }
    )
    assessment = replace(results.assessment, given_labels=measured)
    assessment = replace(assessment, n_clusters=assessment.n_clusters.assign(chosen=False))
    return replace(
        results,
        subtypes=replace(given, evidence=evidence, labels=results.subtypes.labels),
        assessment=assessment,
    )


def everything(results: RunResults) -> str:
    """All sentences of the report."""
    said = [*summary_sentences(results), *caveats(results), *methods_text(results)[0]]
    said += [text for view in shown(results).views(()) for text in view.rest]
    return "\n".join([*said, *(line.text for line in front(results).lines)])


def test_labels_are_named_and_measured() -> None:
    results = labelled()
    sizes = results.subtypes.labels.value_counts()
    text = everything(results)
    assert (
        f"The subtypes are 3 given labels (PAM50 & co): S1 = LumA ({sizes['S1']} patients), "
        f"S2 = Basal <i> ({sizes['S2']} patients)" in text
    )
    assert "(mean silhouette 0.21, shuffled -0.10; p = 0.001)" in text
    assert "agrees with the labels at an adjusted Rand index of 0.17" in text
    (section,) = [view for view in shown(results).views(()) if view.anchor == "labels"]
    (table,) = section.content.tables
    assert table.file == "given_labels.tsv"
    assert [cell.text for cell in table.rows[1][:2]] == ["S1", "LumA"]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_nothing_claims_that_the_labels_were_found(verdict: str) -> None:
    text = everything(labelled(verdict=verdict))
    for claim in (
        "was cut into 3 subtypes",
        "subtypes are stable",
        "subtype is stable",
        "hang on",
        "depend on",
        "subtypes change somewhat with",
        "subtypes had been found",
        "found on the fused layers",
        "subtypes were not derived",
        "Survival was (not )?used",
        "chosen k",
        "how k was chosen",
        "not support subtypes",
    ):
        assert not re.search(claim, text), claim
    assert "3: number of given labels; not chosen from data." in text
    assert "how well these layers recover the labels" in text
    assert "The tests look at the network of the labelled patients, not at the labels." in text
    assert exploratory_mark(labelled(verdict=verdict)) == ""


def reservations(results: RunResults) -> list[str]:
    return [each.name for each in conclude(results).reservations]


def test_given_labels_are_weighed_as_honestly_as_subtypes_that_were_found() -> None:
    sound = labelled(jaccard=0.9)
    tests = sound.assessment.tests.assign(n_draws=999)
    assessment = replace(sound.assessment, tests=tests, p_shared=0.001, p_structure=0.001)
    sound = replace(sound, assessment=assessment)
    assert reservations(sound) == []
    assert front(sound).reservations == ()
    poor = reservations(labelled(jaccard=0.45))
    assert "unstable" in poor
    watch = " ".join(front(labelled(jaccard=0.45)).reservations)
    assert "The network recovers the labels poorly (mean Jaccard 0.4" in watch
    measured = assessment.given_labels.assign(silhouette=[0.05, -0.02, 0.3, -0.1])
    apart = replace(sound, assessment=replace(assessment, given_labels=measured))
    assert reservations(apart) == ["labels_overlap"]
    assert front(apart).reservations == (
        "Patients of LumA and Her2 lie closer to other labels (silhouette below 0).",
    )
    few = replace(assessment, tests=tests.assign(n_draws=39), p_shared=0.025, p_structure=0.025)
    assert reservations(replace(sound, assessment=few)) == ["draws"]


def test_the_status_is_that_labels_were_given() -> None:
    said = conclude(labelled())
    assert said.status == GIVEN
    assert front(labelled()).badge == "Given labels"
    assert front(labelled()).subtypes[0].size.startswith("LumA, ")
    not_there = conclude(labelled(0.4))
    assert "labels_in_network" in [each.name for each in not_there.reservations]
    assert "No evidence that patients of one label" in everything(labelled(0.4))
    record = summary_record(labelled())
    assert record["status"] == "given labels"
    assert record["label_names"]["S3"] == "Her2"


def test_subtypes_that_were_found_have_none_of_this() -> None:
    results = make_results(3, n=90)
    assert given_labels.content(results) is None
    assert given_labels.summary(results) == []
    assert "given" not in " ".join(summary_sentences(results))
    assert summary_record(results)["label_names"] == {}


def test_one_label_and_labels_without_an_assessment_are_told() -> None:
    results = labelled()
    bare = replace(results, assessment=replace(results.assessment, given_labels=pd.DataFrame()))
    assert given_labels.in_network(bare) == []
    assert "The subtypes are 3 given labels" in everything(bare)
    assert "Labels" not in [line.name for line in front(bare).lines]


def test_the_command_says_what_the_labels_are() -> None:
    lines = "\n".join(summary(replace(labelled(), survival={})))
    assert "given labels: S1 = LumA, S2 = Basal <i>, S3 = Her2" in lines
    assert "verdict on the network: subtypes supported" in lines
    assert "labels in the network: silhouette 0.210, shuffled -0.100, p = 0.001" in lines
    assert "exploratory" not in "\n".join(
        summary(replace(labelled(verdict=VERDICTS[2]), survival={}))
    )
