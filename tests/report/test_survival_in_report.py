"""What the report says about survival, when it says less, and when a p-value does not count."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from said import caveats, summary_sentences
from synthetic_results import make_results

from omicsfuse.core.results import FULL_PIPELINE, SurvivalComparison
from omicsfuse.report import write_report
from omicsfuse.report.page import methods_text
from omicsfuse.report.section import file_name
from omicsfuse.report.sections.choice import content as choice_section
from omicsfuse.report.sections.survival import content as survival_section
from omicsfuse.report.sections.survival import figures as survival_plans
from omicsfuse.report.sections.survival.added_value import sentence as added_value_sentence
from omicsfuse.report.sections.survival.added_value import tables as added_value_tables
from omicsfuse.report.sections.survival.endpoints import rows_of
from omicsfuse.report.sections.survival.log_rank import caveats as survival_caveats
from omicsfuse.report.sections.survival.log_rank import survival_sentence

NONE = pd.DataFrame()
TABLES = ("times", "restricted_means", "proportional", "residuals", "time_varying", "diagnostics")
TABLES += ("incidence", "added_value", "calibration", "decision")


@pytest.fixture(scope="module")
def results():
    return make_results(n=93, competing=True)


@pytest.fixture(scope="module")
def one_event():
    return make_results(n=93, few_events=True, with_external=False)


def changed(results, **tables):
    """Results whose endpoint has other tables."""
    comparison = replace(results.survival["os"], **tables)
    return replace(results, survival={"os": comparison})


def captions(section) -> list[str]:
    return [table.title for table in (*section.tables, *section.details)]


def table_of(section, start):
    """The table of a section whose caption begins so, as rows of a dictionary by heading."""
    table = next(t for t in (*section.tables, *section.details) if t.caption.startswith(start))
    headings = [heading.text for heading in table.headings]
    return [dict(zip(headings, [c.text for c in row], strict=True)) for row in table.rows]


def figure_names(results) -> list[str]:
    return [plan.name.rsplit("_1_", 1)[0] for plan in survival_plans(results)]


def test_every_figure_has_a_plan_in_the_order_of_the_page(results):
    assert figure_names(results) == [
        "kaplan_meier",
        "cumulative_incidence",
        "forest",
        "schoenfeld",
        "calibration",
        "decision_curve",
    ]
    for plan in survival_plans(results):
        assert plan.caption.endswith(".")
        assert plan.alt
        assert plan.title.endswith(", os")


def test_section_has_short_tables_and_long_ones_to_open(results):
    section = survival_section(results)
    assert [table.title for table in section.tables] == [
        "Log-rank tests",
        "Median time to the event and median follow-up, in years",
        "Survival at stated times",
        "Clinical covariates with and without the subtypes",
    ]
    assert [table.title for table in section.details] == [
        "Cox models: hazard ratios",
        "Proportional hazards: score tests",
        "Restricted mean survival time, in years",
        "Hazard ratios of early and late follow-up",
        "How the Cox models were fitted",
        "Measures of both models",
    ]


def test_paragraph_says_follow_up_hazards_means_and_added_value(results):
    (text,) = survival_section(results).paragraphs
    for said in (
        "Overall survival (os). Median follow-up by the reverse Kaplan-Meier method: 3.9 years",
        "(S3) to 4.1 years (S1)",
        "There is no evidence against proportional hazards in the multivariable model (4 terms te",
        "all terms together, p = 0.50).",
        "up to 5 years: S2 minus S1 -0.2 years (95% CI -0.5 to 0.2, permutation p = 0.040)",
        "The subtypes add to the clinical covariates (likelihood ratio test, p = 0.010;",
    ):
        assert said in text, said
    # The answer is on survival alone.
    assert not any("the subtypes add to the" in text for text in summary_sentences(results))


def test_numbers_of_the_tables_are_those_of_the_results(results):
    section, comparison = survival_section(results), results.survival["os"]
    tests = table_of(section, "Log-rank")
    assert tests[0]["permutations"] == "5,000"
    assert tests[0]["95% CI of p"] == "0.004 to 0.008"
    medians = table_of(section, "Median")
    assert [row["subtype"] for row in medians] == ["S1", "S2", "S3"]
    assert medians[0]["median follow-up"] == "4.1"
    assert medians[0]["95% CI of follow-up"] == "3.6 to not reached"
    assert medians[0]["median"] == f"{comparison.medians['median']['S1'] / 365.25:.1f}"
    first = comparison.times.iloc[0]
    at_years = table_of(section, "Survival at")
    assert list(at_years[0]) == ["endpoint", "subtype", "1 year", "3 years", "5 years"]
    assert at_years[0]["1 year"].startswith(f"{100 * first['survival']:.0f}% (")
    assert at_years[0]["1 year"].endswith(f"{first['at_risk']} at risk")
    value = {row["measure"]: row for row in table_of(section, "Clinical covariates with")}
    assert value["likelihood ratio"]["chi-square"] == "9.3"
    assert value["likelihood ratio"]["p"] == "0.010"
    harrell = value["concordance (Harrell)"]
    assert (harrell["clinical"], harrell["clinical + subtypes"]) == ("0.660", "0.710")
    assert harrell["95% CI"] == "-0.010 to 0.110"
    assert harrell["corrected difference"] == "0.040"
    assert "Brier score, 3 years (smaller is better)" in value
    means = table_of(section, "Restricted mean")
    assert means[-1]["comparison"] == "S3 minus S1"
    assert means[-1]["truncation time"] == "5"


def test_survival_after_the_last_patient_says_not_followed(results):
    times = results.survival["os"].times.copy()
    times.loc[times["years"] == 5, ["survival", "ci_low", "ci_high"]] = np.nan
    section = survival_section(changed(results, times=times))
    assert {row["5 years"] for row in table_of(section, "Survival at")} == {"not followed"}


def test_comparison_with_empty_tables_only_says_what_it_has(results):
    section = survival_section(changed(results, **dict.fromkeys(TABLES, NONE)))
    assert captions(section) == [
        "Log-rank tests",
        "Median time to the event and median follow-up, in years",
        "Cox models: hazard ratios",
    ]
    bare = SurvivalComparison("os", "days", NONE, NONE, NONE, NONE)
    bare_results = replace(results, survival={"os": bare})
    section = survival_section(bare_results)
    assert (section.paragraphs, section.tables, section.details) == ((), (), ())
    assert figure_names(bare_results) == []
    assert survival_sentence(bare) == "Overall survival (os) was not tested over all subtypes."
    assert list(survival_caveats([bare])) == []
    assert "No log-rank test was computed" in " ".join(methods_text(bare_results)[0])


def test_numbers_that_are_all_missing_are_as_good_as_none(results):
    comparison = results.survival["os"]
    blank = {}
    for name in TABLES:
        table = getattr(comparison, name)
        blank[name] = table.assign(
            **{c: np.nan for c in table.select_dtypes("number") if c not in ("years", "n")}
        )
    blanked = changed(results, **blank)
    section = survival_section(blanked)
    assert "nan" not in " ".join(section.paragraphs).lower()
    for table in (*section.tables, *section.details):
        assert not any(cell.text == "nan" for row in table.rows for cell in row)
    assert figure_names(blanked) == ["kaplan_meier", "forest"]
    assert caveats(blanked) == []


def test_endpoints_with_and_without_models_share_the_tables(results, one_event):
    both = replace(
        results,
        survival={
            "os": results.survival["os"],
            "pfi": replace(one_event.survival["os"], endpoint="pfi", unit="months"),
        },
    )
    section = survival_section(both)
    assert len(section.paragraphs) == 2
    assert {row["unit"] for row in table_of(section, "Median")} == {"years", "months"}
    assert len(rows_of(both, "cox")) == 10
    assert any(row["endpoint"] == "os" for row in table_of(section, "Clinical covariates with"))
    assert len({plan.name for plan in survival_plans(both)}) == 7


def test_one_event_gives_a_calm_page(one_event, tmp_path, monkeypatch):
    monkeypatch.setattr("omicsfuse.report.render.draw_figures", lambda *_: [])
    write_report(one_event, tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"\s+", " ", re.sub(r"<(style).*?</\1>|<[^>]+>", " ", page, flags=re.S))
    for said in (
        "Overall survival (os) was not tested (no p-value: fewer than 10 events; 1 event in 89 pa",
        "The added value of the subtypes over the clinical covariates was not tested (fewer than "
        "10 events)",
        "No Cox model could be estimated: too few events.",
        "not reached",
        "No log-rank test was computed",
    ):
        assert said in text, said
    for absent in (
        "1 events",
        "differs between subtypes",
        "no evidence that overall survival",
        "no evidence against proportional",
        "HR",
        "Efron",
        "concordance",
        "decision curve",
        "nan",
        "events for each variable",
    ):
        assert not re.search(rf"\b{absent}\b", text), absent
    section = survival_section(one_event)
    assert captions(section) == [
        "Log-rank tests",
        "Median time to the event and median follow-up, in years",
        "Survival at stated times",
        "Restricted mean survival time, in years",
    ]
    assert "Difference in restricted mean" not in " ".join(section.paragraphs)
    assert figure_names(one_event) == ["kaplan_meier"]


def test_hazards_that_are_not_proportional_are_a_caveat_with_the_term(results):
    table = results.survival["os"].proportional.copy()
    table.loc[table["term"] == "S2 vs S1", "p"] = 0.003
    other = changed(results, proportional=table)
    (caveat,) = caveats(other)
    assert caveat == (
        "Hazards are not proportional for S2 vs S1 (p = 0.003) in os (4 terms tested): hazard "
        "ratios are averages over follow-up. For the subtypes, read the restricted mean survival "
        "time."
    )
    (text,) = survival_section(other).paragraphs
    assert "proportional" not in text
    table.loc[table["term"] == "age", "p"] = 0.01
    (caveat,) = caveats(changed(results, proportional=table))
    assert "for S2 vs S1 (p = 0.003) and age (p = 0.010) in os (4 terms tested): hazard" in caveat


def test_a_covariate_alone_does_not_call_for_restricted_means(results):
    table = results.survival["os"].proportional.copy()
    table.loc[table["term"] == "age", "p"] = 0.01
    (caveat,) = caveats(changed(results, proportional=table))
    assert "for age (p = 0.010) in os (4 terms tested): hazard ratios are averages" in caveat
    assert "restricted" not in caveat


def test_terms_that_only_together_are_not_proportional(results):
    table = results.survival["os"].proportional.copy()
    table.loc[table["term"] == "all terms", "p"] = 0.02
    (caveat,) = caveats(changed(results, proportional=table))
    assert "not proportional for all terms (p = 0.020) in os (4 terms tested): hazard rat" in caveat


@pytest.mark.parametrize(("each", "warned"), [(9.9, True), (10.0, False), (np.nan, False)])
def test_few_events_for_each_variable_are_a_caveat(results, each, warned):
    table = results.survival["os"].diagnostics.assign(events_per_variable=each)
    found = caveats(changed(results, diagnostics=table))
    said = (
        "Hazard ratios of the multivariable Cox model are unreliable: fewer than 10 events for "
        "each variable (os 9.9)."
    )
    assert (said in found) == warned
    assert len(found) == int(warned)


def value_of(results, p=0.01, corrected=0.04, note=""):
    """The endpoint with another likelihood ratio test and change of concordance."""
    comparison = results.survival["os"]
    table = comparison.added_value.copy()
    table.loc[table["measure"] == "likelihood ratio", ["p", "note"]] = [p, note]
    table.loc[table["model"] == "difference", "corrected"] = corrected
    return replace(comparison, added_value=table)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "The subtypes add to the clinical covariates (likelihood ratio test, p = 0.010; af"),
        ({}, "after correction for optimism, change in Harrell's concordance index +0.040"),
        ({"p": 0.2}, "There is no evidence that the subtypes add to the clinical covariates (lik"),
        ({"corrected": -0.01}, "but do not improve the ranking of patients (after correction for "),
        ({"corrected": -0.01}, "concordance index -0.010"),
        ({"corrected": np.nan}, "covariates (likelihood ratio test, p = 0.010)."),
        (
            {"p": np.nan, "note": "one\nevent"},
            "over the clinical covariates was not tested (one event).",
        ),
        (
            {"p": np.nan},
            "The added value of the subtypes over the clinical covariates was not tested.",
        ),
    ],
)
def test_one_sentence_says_whether_subtypes_add_to_the_covariates(results, changes, said):
    assert said in added_value_sentence(value_of(results, **changes))


def test_without_covariates_nothing_is_said_about_added_value(results):
    other = changed(results, added_value=NONE)
    assert "clinical covariates" not in " ".join(survival_section(other).paragraphs)
    assert added_value_tables(NONE) == (None, None)


def test_added_value_without_a_model_or_an_interval(results):
    table = results.survival["os"].added_value
    table = table[table["model"] != "clinical"].drop(columns=["note", "optimism"])
    short, full = added_value_tables(table.assign(ci_low=np.nan))
    assert "clinical" not in [heading.text for heading in short.headings]
    assert "95% CI" not in [heading.text for heading in full.headings]


def with_pipeline(results, p=0.41):
    """Features were chosen with the outcome, and the whole pipeline was permuted."""
    tests = results.survival["os"].tests
    row = tests.iloc[[0]].assign(
        comparison=FULL_PIPELINE,
        kind=FULL_PIPELINE,
        p_asymptotic=np.nan,
        p_permutation=p,
        fdr=np.nan,
    )
    return changed(results, tests=pd.concat([tests, row], ignore_index=True))


def test_only_the_p_of_the_whole_pipeline_counts(results):
    other = with_pipeline(results)
    sentence = survival_sentence(other.survival["os"])
    assert sentence == (
        "There is no evidence that overall survival (os) differs between subtypes (log-rank, p "
        "with the whole pipeline permuted = 0.41; 55 events in 89 patients)."
    )
    found = " ".join(caveats(other))
    assert "The usual log-rank test (p = 0.004), tests of pairs, hazard ratios and " in found
    assert "Only the p-value with the whole pipeline permuted (p = 0.41) counts" in found
    assert "different sides" not in found
    text = " ".join(methods_text(other)[0])
    assert "whole pipeline (selection, fusion, clustering) was repeated in each permutation" in text
    comparisons = [row["comparison"] for row in table_of(survival_section(other), "Log-rank")]
    assert comparisons[-1] == "overall, full pipeline"
    without = with_pipeline(results, np.nan)
    assert "was not tested" in survival_sentence(without.survival["os"])
    assert "but without a p-value" in " ".join(caveats(without))


def test_the_report_says_what_was_chosen_with_survival(results):
    other = with_pipeline(results)
    blind = " ".join([*summary_sentences(other), *methods_text(other)[0]])
    assert "Survival was not used" in blind
    assert "Survival was used to choose neither the number of subtypes nor the features." in blind
    settings = {**other.settings, "preprocess": {"select": "survival"}}
    settings["subtypes"] = {"choose": "survival"}
    seen = replace(other, settings=settings)
    text = " ".join([*summary_sentences(seen), *methods_text(seen)[0]])
    text += choice_section(seen).paragraphs[0]
    assert "Survival was not used" not in text
    assert "to choose neither" not in text
    chosen = "Survival was used to choose features and the number of subtypes."
    assert chosen in choice_section(seen).paragraphs[0]
    assert chosen in " ".join(methods_text(seen)[0])
    assert "until the 95% confidence interval" not in text


def test_a_void_p_is_not_read(results):
    tests = results.survival["os"].tests.copy()
    tests.loc[0, ["note", "void"]] = ["void: groups end before the first event", True]
    other = changed(results, tests=tests)
    assert "(os) was not tested (void: groups end" in " ".join(summary_sentences(other))
    found = caveats(other)
    assert "A p-value of os does not count: void: groups end before the first event." in found
    assert sum("does not count" in text for text in found) == 1


def test_other_comparisons_stay_where_there_are_two_subtypes():
    results = make_results(2, 60)
    tests = results.survival["os"].tests
    extra = [
        tests.iloc[[0]].assign(comparison=name, kind=kind, by=by)
        for name, kind, by in (
            ("overall, stratified by SITE", "stratified", "SITE"),
            ("trend over AGE", "trend", "AGE"),
        )
    ]
    other = changed(results, tests=pd.concat([tests, *extra], ignore_index=True))
    rows = table_of(survival_section(other), "Log-rank")
    assert [row["comparison"] for row in rows] == [
        "overall",
        "overall, stratified by SITE",
        "trend over AGE",
    ]
    text = " ".join(methods_text(other)[0])
    assert "repeated stratified by SITE" in text
    assert "trend over AGE was tested as well" in text


def test_methods_say_what_was_done_with_sources(results):
    diagnostics = results.survival["os"].diagnostics.assign(
        method="Efron, Firth penalty", strata="SITE"
    )
    paragraphs, references = methods_text(changed(results, diagnostics=diagnostics))
    text = " ".join(paragraphs)
    for said in (
        "reverse Kaplan-Meier method",
        "Aalen-Johansen estimate",
        "5,000 permutations, until the 99% confidence interval of the p-value excluded 0.05 or its",
        "ties were handled by Efron's approximation",
        "Firth's penalty was used",
        "stratified by SITE",
        "score test for a time-varying coefficient",
        "studentised permutation test",
        "by the likelihood ratio test and by Harrell's concordance index",
        "inverse probability of censoring weights",
        "Optimism was estimated by re-fitting the models in bootstrap samples",
        "Calibration at 1 year, 3 years and 5 years",
        "Decision curves give the net benefit",
    ):
        assert said in text, said
    for author in (
        "Schemper", "Aalen", "Efron", "Firth", "Heinze", "Grambsch", "Royston", "Horiguchi",
        "Ditzhaus", "Harrell", "Uno H, Cai T, Pencina", "Uno H, Cai T, Tian", "Graf",
        "Vickers AJ, Elkin", "Vickers AJ, Cronin",
    ):  # fmt: skip
        assert sum(reference.startswith(author) for reference in references) == 1, author
    cited = {int(n) for group in re.findall(r"\[([\d, ]+)\]", text) for n in group.split(", ")}
    assert cited == set(range(1, len(references) + 1))


def test_methods_leave_out_what_was_not_done(results):
    bare = changed(results, **dict.fromkeys(TABLES, NONE))
    text = " ".join(methods_text(bare)[0])
    for absent in (
        "Firth",
        "Aalen",
        "Schoenfeld",
        "estricted mean",
        "Brier",
        "Decision",
        "ptimism",
    ):
        assert absent not in text, absent
    tests = bare.survival["os"].tests.drop(columns="n_permutations")
    fixed = {**bare.settings, "survival": {"n_permutations": 2000}}
    bare = replace(changed(bare, tests=tests), settings=fixed)
    text = " ".join(methods_text(bare)[0])
    assert "by permutation of the subtypes (2,000 permutations)" in text


def test_file_names_stay_plain():
    assert file_name("decision_curve", "1", "os / any <cause>") == "decision_curve_1_os_any_cause"
