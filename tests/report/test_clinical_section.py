"""The clinical section, and what it puts at the top of the report."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_results import make_results

from omicsfuse.biology import alterations
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.results import RunResults, Subtypes
from omicsfuse.plot.altered_cells import ONE_LEVEL
from omicsfuse.report.conclusion import conclude
from omicsfuse.report.sections.clinical import content as clinical_section
from omicsfuse.report.sections.clinical import figures
from omicsfuse.report.sections.clinical.technical import caveats as technical_caveats
from omicsfuse.report.sections.clinical.technical import explaining_variables

VOLUME = "tumour volume (radiomics)"


@pytest.fixture(scope="module")
def results() -> RunResults:
    return make_results()


def with_technical(results: RunResults, name: str, **values: object) -> RunResults:
    table = results.clinical.rename(index={VOLUME: name}).copy()
    for column, value in values.items():
        table.loc[name, column] = value
    return replace(results, clinical=table)


def caveat(results: RunResults) -> str:
    (text,) = technical_caveats(results)
    return text


def text_of(section) -> str:
    cells = [cell.text for table in (*section.tables, *section.details) for row in table.rows
             for cell in row]  # fmt: skip
    captions = [table.caption for table in (*section.tables, *section.details)]
    return " ".join([*section.paragraphs, *captions, *cells])


def test_nothing_technical_is_said_where_nothing_is(results) -> None:
    assert list(technical_caveats(results)) == []
    assert explaining_variables(results) == []


def test_a_technical_variable_is_the_first_caveat(results) -> None:
    made = with_technical(
        results, "scanner", fdr=0.003, effect=0.41, effect_ci_low=0.2, effect_ci_high=0.6,
        effect_name="Cramer's V", most_different="S2", how="more B", volume_of="",
    )  # fmt: skip
    assert list(technical_caveats(made)) == [
        "The subtypes are associated with the technical variable scanner (Cramer's V 0.41, 95% CI "
        "0.20 to 0.60, FDR = 0.003; S2: more B): they may reflect how the data were made rather "
        "than the biology of the tumours."
    ]
    assert explaining_variables(made) == []
    assert not any("scanner" in each.text for each in conclude(made).reservations)


def test_a_strong_one_explains_and_stands_in_the_verdict(results) -> None:
    strong = {"fdr": 0.001, "effect": 0.7, "effect_ci_low": 0.5, "effect_ci_high": 0.9}
    made = with_technical(results, "site", **strong)
    assert "are to a large part explained by the technical variable site" in caveat(made)
    assert conclude(made).reservations[0].text.startswith("Site explains much of the subtypes (")
    # An upward biased V whose interval lies below the threshold explains nothing.
    biased = with_technical(results, "site", **(strong | {"effect_ci_high": 0.4}))
    assert "are associated with the technical variable site" in caveat(biased)
    assert "V is biased upwards, the interval is not" in caveat(biased)
    doubtful = with_technical(results, "site", **(strong | {"fdr": 0.06}))
    assert list(technical_caveats(doubtful)) == []


def test_volume_is_said_to_be_in_the_layer(results) -> None:
    (text,) = technical_caveats(with_technical(results, VOLUME, fdr=0.01, effect=0.2))
    assert "Layer radiomics, which was fused, contains the volume" in text
    assert "may partly measure tumour size" in text


def test_families_are_apart_and_named(results) -> None:
    section = clinical_section(results)
    captions = [table.caption for table in section.tables]
    assert captions[0].startswith("Clinical variables by subtype. FDR: Benjamini-Hochberg")
    assert captions[1].startswith("Technical variables by subtype.")
    assert captions[2].startswith("Burden of alterations by subtype.")
    rows = [[row[0].text for row in table.rows] for table in section.tables[:3]]
    assert rows == [["age", "sex", "planted_subtype"], [VOLUME], ["mutated genes (mutation)"]]
    assert "0.00 to 0.20" in text_of(section)


def test_table_one_and_altered_genes_are_there(results) -> None:
    section = clinical_section(results)
    first, genes = section.details
    assert first.title == "Table 1"
    assert [cell.text for cell in first.headings[:2]] == ["variable", "overall (n = 56)"]
    assert any(row[0].indented for row in first.rows)
    assert genes.title == "Altered genes by subtype"
    assert "%" in genes.rows[0][5].text
    assert "Layers mutation and copy_number were fused" in " ".join(section.paragraphs)
    counts = pd.Series([row[1].text for row in genes.rows]).value_counts()
    assert (counts <= 5).all()


def test_before_there_were_alterations(results) -> None:
    old = replace(
        results,
        clinical=results.clinical.drop(columns=["role", "effect_ci_low", "stands_out"]),
        alterations=pd.DataFrame(),
        table_one=pd.DataFrame(),
    )
    section = clinical_section(old)
    assert section.details == ()
    assert list(technical_caveats(old)) == []


def test_no_gene_in_enough_patients(results) -> None:
    few = results.alterations.head(3).assign(p=np.nan, fdr=np.nan)
    section = clinical_section(replace(results, alterations=few))
    assert "No gene was altered in enough patients to be tested." in section.paragraphs


@pytest.mark.parametrize("marked", [False, True])
def test_the_caption_of_the_oncoprint_names_the_marks_that_are_drawn(results, marked: bool) -> None:
    patients = [f"P{i:02d}" for i in range(40)]
    subtypes = Subtypes(pd.Series(["S1"] * 20 + ["S2"] * 20, patients), {}, {})
    calls = pd.DataFrame({"A": [1.0, 0.0] * 20}, patients)
    levels = pd.DataFrame({"B": [1.0] * 18 + [0.0] * 22}, patients)
    layers = {"mutation": Layer("mutation", calls)}
    if marked:
        layers |= {"copy_number": Layer("copy_number", levels, "gistic")}
    cohort = Cohort("x", layers)
    made = replace(
        results, cohort=cohort, subtypes=subtypes, alterations=alterations(subtypes, cohort)
    )
    (plan,) = figures(made)
    assert plan.caption.count(ONE_LEVEL) == (2 if marked else 0)
    assert "*:" not in plan.caption
    drawn = [text.get_text() for text in plan.draw().get_yticklabels()]
    assert drawn == ["A  50%", f"B{ONE_LEVEL}  45%"][: 1 + marked]
