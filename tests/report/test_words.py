"""Words, numbers and tables that all sections share."""

import pandas as pd
import pytest

from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.results import Assessment, Biology, SurvivalComparison
from omicsfuse.plot import save_figure
from omicsfuse.plot.canvas import nothing
from omicsfuse.plot.numbers import time_text
from omicsfuse.report.inline import inline_png, inline_svg
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Points
from omicsfuse.report.sections.pathways.patient_scores import told_once
from omicsfuse.report.sections.survival.added_value import _signed
from omicsfuse.report.sections.survival.added_value import sentence as added_value_sentence
from omicsfuse.report.sections.survival.cox import not_proportional
from omicsfuse.report.sections.survival.endpoints import endpoint_in_words
from omicsfuse.report.sections.survival.log_rank import (
    best_p,
    both_tests,
    deciding_test,
    log_rank_name,
    overall_fdr,
    survival_sentence,
)
from omicsfuse.report.sections.verdict import n_draws, p_values
from omicsfuse.report.tables import exclusions_table, flatten, make_table, with_interval
from omicsfuse.report.words import first_genes, listing, plural

NONE = pd.DataFrame()


def compared(tests: pd.DataFrame = NONE, **others: pd.DataFrame) -> SurvivalComparison:
    return SurvivalComparison("os", "days", tests, NONE, NONE, NONE, **others)


def test_lists_and_counts() -> None:
    assert (listing(["a"]), listing(["a", "b", "c"])) == ("a", "a, b and c")
    assert (plural(1, "patient"), plural(1200, "patient")) == ("1 patient", "1,200 patients")
    assert plural(2, "copy", "copies") == "2 copies"
    assert first_genes([*"abcdefgh"]) == "a, b, c, d, e, f and 2 more"


def test_points_are_one_line_of_text() -> None:
    said = Points("Two things.", ["One.", "Another."])
    assert (str(said), said.points) == ("Two things. One. Another.", ("One.", "Another."))


def test_references_are_numbered_as_they_are_cited() -> None:
    cite = Citations()
    assert (cite("snf", "km"), cite("km")) == ("[1, 2]", "[2]")


def test_numbers_of_tables_are_rounded_for_a_reader() -> None:
    table = make_table(pd.DataFrame({"term": ["age"], "p": [0.00001]}), ["term", "p"], "Cox")
    assert [cell.text for cell in table.rows[0]] == ["age", "< 0.001"]
    bounds = pd.DataFrame({"low": [1.0, None], "high": [2.5, 3.0]})
    assert with_interval(bounds, "", str)["interval"].tolist() == ["1.0 to 2.5", ""]
    assert Content("Heading", tables=[None, table]).tables == (table,)


def test_exclusions_and_settings_as_tables() -> None:
    assert (
        exclusions_table([Exclusion("read", "rna", "patients", 2, "none")]).rows[0][3].text == "2"
    )
    pairs = [("seed", "0"), ("fusion.mu", "0.5"), ("layers", "not set")]
    assert flatten({"seed": 0, "fusion": {"mu": 0.5}, "layers": None}) == pairs


def test_figures_become_elements(tmp_path) -> None:
    svg, png = save_figure(nothing("no data"), tmp_path / "empty")
    element = inline_svg(svg.read_bytes(), "an empty figure")
    assert "http" not in element
    assert 'aria-label="an empty figure"' in element
    assert inline_png(png.read_bytes(), 300, "a <b>").startswith(
        '<img alt="a &lt;b&gt;" src="data:image/png;base64,'
    )


def test_draws_and_p_values_of_the_verdict() -> None:
    assert n_draws(Assessment(NONE, NONE, {}, tests=pd.DataFrame({"n_draws": [199]}))) == 199
    told = p_values(Assessment(NONE, NONE, {}, p_shared=0.01, p_structure=0.3))
    assert told == "shared structure: p = 0.010; groups: p = 0.30"


@pytest.mark.parametrize(
    ("time", "text"), [(1825.3, "1,825"), (14.25, "14.2"), (3.0, "3"), (-0.01, "0")]
)
def test_times(time: float, text: str) -> None:
    assert time_text(time) == text


def test_endpoints_in_words() -> None:
    assert endpoint_in_words("OS") == "overall survival (OS)"
    assert endpoint_in_words("pfi") == "the progression-free interval (pfi)"
    assert endpoint_in_words("any relapse") == "survival (any relapse)"


def test_the_log_rank_test_that_counts() -> None:
    assert best_p(pd.Series({"p_asymptotic": 0.01, "p_permutation": 0.02})) == 0.02
    assert best_p(pd.Series({"p_asymptotic": 0.01})) == 0.01
    assert overall_fdr(pd.Series({"fdr": 0.04})) == 0.04
    assert overall_fdr(pd.Series({"p_asymptotic": 0.04})) != 0.04
    both = pd.DataFrame({"kind": ["overall", "overall, full pipeline"], "n": 90})
    assert deciding_test(compared(both))["kind"] == "overall, full pipeline"
    assert both_tests(compared()) == ""
    overall = pd.DataFrame({"kind": ["overall"], "p_asymptotic": [0.3]})
    assert log_rank_name(compared(overall)) == "asymptotic log-rank test"
    overall = overall.assign(p_permutation=0.31, n=90, events=40)
    assert log_rank_name(compared(overall)) == "log-rank test by permutation"
    assert survival_sentence(compared(overall)) == (
        "There is no evidence that overall survival (os) differs between subtypes (log-rank, "
        "permutation p = 0.31; 40 events in 90 patients)."
    )


def test_added_value_in_a_sentence() -> None:
    value = pd.DataFrame(
        {
            "measure": ["likelihood ratio", "concordance (Harrell)", "concordance (Harrell)"],
            "model": ["difference", "difference", "clinical"],
            "p": [0.01, None, None],
            "estimate": [9.1, 0.05, 0.53],
            "corrected": [None, 0.03, 0.506],
        }
    )
    assert added_value_sentence(compared(added_value=value)) == (
        "The subtypes add to the clinical covariates (likelihood ratio test, p = 0.010; after "
        "correction for optimism, change in Harrell's concordance index +0.030, from 0.506 of the "
        "clinical model alone)."
    )
    assert (_signed(0.03), _signed(-0.0001)) == ("+0.030", "0.000")


def test_hazards_that_are_not_proportional() -> None:
    tests = pd.DataFrame(
        {"model": "univariable", "term": ["S2 vs S1", "S3 vs S1"], "p": [0.01, 0.4]}
    )
    rows, tested = not_proportional(compared(proportional=tests))
    assert (rows["term"].tolist(), tested) == (["S2 vs S1"], 2)


def test_of_like_sets_the_one_with_the_smallest_p_is_told() -> None:
    sets = pd.DataFrame({"gene_set": ["A", "B"], "group": ["B", "B"]})
    tests = pd.DataFrame({"score": ["A", "B"], "comparison": "overall", "p": [0.2, 0.1]})
    assert told_once(Biology(gene_sets=sets, score_tests=tests))["score"].tolist() == ["B"]
