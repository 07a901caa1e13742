"""The page of interpreted models: what is said, what is drawn, and that it is self-contained."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse import plot
from omicsfuse.core.results import Interpretation, Subtypes
from omicsfuse.datasets import simulate_cohort
from omicsfuse.imaging.interpretation import interpret
from omicsfuse.plot.interpretation import interpretation_groups
from omicsfuse.preprocessing import preprocess
from omicsfuse.report.interpretation_page import write_interpretation_report
from omicsfuse.report.section import Page, file_name
from omicsfuse.report.sections.interpretation import (
    content,
    figures,
    gene_sets,
    model_sections,
    summary,
)

QUICK = {"n_resamples": 3, "n_permutations": 49}


@pytest.fixture(scope="module")
def found() -> dict[str, Interpretation]:
    made = simulate_cohort(60, n_external=0, n_genes=100, effect=2, random_state=1)
    cohort = made.discovery
    ready = preprocess(cohort, ["radiomics", "expression", "mutation"])
    genes = ready.layers["expression"].values  # noqa: PD011 - a field of ours
    sets = {"FIRST": list(genes.columns[:15]), "<b>SECOND</b>": list(genes.columns[15:30])}
    labels = ("S" + made.truth.astype(str)).reindex(genes.index)
    subtypes = Subtypes(labels, {}, {})
    rng = np.random.default_rng(0)
    models = {
        "planted $1 <i>": genes.iloc[:, :3].sum(axis=1),
        "grade": labels.replace({"S1": "low", "S2": "mid", "S3": "high"}),
        "noise": pd.Series(rng.standard_normal(len(genes)), genes.index),
    }
    return {
        name: interpret(one.rename(name), cohort, ready, subtypes=subtypes, gene_sets=sets, **QUICK)
        for name, one in models.items()
    }


def test_the_page_is_whole_and_the_same_twice(
    found: dict[str, Interpretation], tmp_path: Path
) -> None:
    one = {"planted $1 <i>": found["planted $1 <i>"]}
    for folder in ("a", "b"):
        write_interpretation_report(one, tmp_path / folder, cohort="made", warnings=["<u>careful"])
    page = (tmp_path / "a" / "report.html").read_text()
    assert page == (tmp_path / "b" / "report.html").read_text()
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert "<i>" not in page
    assert "<b>SECOND" not in page
    assert "&lt;u&gt;careful" in page
    assert page.count("<svg") == 3
    assert 'id="verdict"' not in page
    assert "cannot be seen from its scores" in page
    names = {path.name for path in (tmp_path / "a" / "figures").iterdir()}
    assert "interpretation_genes_planted_1_i.svg" in names
    assert len(names) == 6


def test_what_is_found_is_said_with_effect_interval_and_family(
    found: dict[str, Interpretation],
) -> None:
    text = " ".join(content("planted", found["planted $1 <i>"]).paragraphs)
    assert "gives a score to 60 patients" in text
    assert re.search(
        r"expression \(n = 60\): \d+ of 100 tests; \S+, log2 change per SD "
        r"of the score -?\d\.\d\d, 95% CI .*, p < 0\.001, FDR < 0\.001",
        text,
    )
    assert "Associations were adjusted for" in text
    assert "of 112 remain significant; 1 was not adjusted." in summary(found["grade"])[0]
    (answer,) = summary(found["planted $1 <i>"])
    assert re.match(
        r"\d+ associations among \d+ tests in 60 patients \(false discovery rate at most 0\.05 "
        r"within each family\)\. After adjustment for .*, \d+ of \d+ remains? significant\.",
        answer,
    )
    assert "patients shuffled" in text


def test_nothing_is_said_plainly(found: dict[str, Interpretation]) -> None:
    text = " ".join(content("noise", found["noise"]).paragraphs)
    assert "No association was found in " in text
    assert re.search(r"the power for a correlation of 0\.\d+ is 80%", text)
    assert "No gene set is associated with the ranking of genes" in text
    assert "No association was found: none of " in summary(found["noise"])[0]


def test_a_measure_of_volume_is_said_first(found: dict[str, Interpretation]) -> None:
    one = found["noise"]
    volume = {"score": {"correlation": 0.97, "low": 0.95, "high": 0.98, "p": 0.0, "n": 60}}
    told = Interpretation(
        one.name,
        one.scores,
        one.kind,
        one.associations,
        one.families,
        one.enrichment,
        one.stability,
        {**one.params, "volume_correlation": volume},
    )
    assert "The score is a measure of tumour volume (Spearman correlation 0.97" in summary(told)[0]


def test_a_class_called_adjusted_is_not_an_adjusted_ranking() -> None:
    table = pd.DataFrame({"score": ["b vs a, adjusted", "b vs a, adjusted, adjusted"]}).assign(
        contrast="b vs a, adjusted", adjusted=[False, True], gene_set="HYPOXIA", nes=1.8,
        p_patients=0.5, fdr_patients=0.5,
    )  # fmt: skip
    told = Interpretation("m", pd.Series(dtype=object), "class", table, table, table)
    assert [said.split(" of genes")[0] for said in gene_sets.sentences(told)] == [
        "No gene set is associated with the ranking",
        "No gene set is associated with the adjusted ranking",
    ]
    ticks = plot.interpretation_gene_sets(told).get_xticklabels()
    assert [tick.get_text() for tick in ticks] == [
        "b vs a, adjusted",
        "b vs a, adjusted,\nadjusted",
    ]


def test_sections_take_their_own_figures(found: dict[str, Interpretation]) -> None:
    page = Page.of(model_sections(found), None)
    anchors = [view.anchor for view in page.views(())]
    assert anchors == [file_name("interpretation", name) for name in found]
    plans = page.plans()
    assert {plan.section for plan in plans} == set(anchors)
    assert len({plan.name for plan in plans}) == len(plans)


def test_figures_of_an_empty_interpretation_say_so() -> None:
    none = pd.DataFrame()
    empty = Interpretation("m", pd.Series(dtype=float), "score", none, none)
    for draw in (plot.interpretation_genes, plot.interpretation_gene_sets):
        assert "Nothing to show" in draw(empty).texts[0].get_text()
    assert "Nothing to show" in interpretation_groups(empty)[0].texts[0].get_text()
    assert list(figures("m", empty)) == []


def test_figures_show_what_there_is(found: dict[str, Interpretation]) -> None:
    genes = plot.interpretation_genes(found["grade"])
    assert all("vs rest" in text.get_text() for text in genes.get_yticklabels())
    sets = plot.interpretation_gene_sets(found["grade"])
    assert len(sets.get_xticklabels()) in (3, 6)
    classes = interpretation_groups(found["grade"])[0]
    assert [text.get_text() for text in classes.get_legend().get_texts()] == ["high", "low", "mid"]
