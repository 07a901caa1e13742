"""Sections on immune context and on pairs of expression and methylation."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology import compare_scores
from omicsfuse.biology.immune import immune_scores
from omicsfuse.biology.methylation_pairs import empty_pairs, expression_methylation_pairs
from omicsfuse.core.results import Biology, Prepared, PreparedLayer, Subtypes
from omicsfuse.report.sections.immune import content as immune_section
from omicsfuse.report.sections.immune import figures as immune_plans
from omicsfuse.report.sections.immune import summary as immune_summary
from omicsfuse.report.sections.methylation import content as methylation_section
from omicsfuse.report.sections.methylation import figures as methylation_plans
from omicsfuse.report.sections.methylation import summary as methylation_summary

GENES = [f"g{i:02d}" for i in range(40)]


def layer(kind: str, values: pd.DataFrame, scale: str) -> PreparedLayer:
    return PreparedLayer(kind, values, values, scale, None)


@pytest.fixture(scope="module")
def made() -> SimpleNamespace:
    """Three subtypes; cells of the first are raised, and two genes lose their methylation."""
    rng = np.random.default_rng(0)
    patients = [f"P{i:02d}" for i in range(36)]
    rna, dna = (pd.DataFrame(rng.normal(5, 1, (36, 40)), patients, GENES) for _ in range(2))
    rna.iloc[:12, :5] += 3
    dna.iloc[:12, :2] -= 3
    dna.iloc[:, 0] -= rna.iloc[:, 0]
    labels = pd.Series(np.repeat(["S1", "S2", "S3"], 12), patients)
    ready = Prepared(
        "toy",
        {"rna": layer("expression", rna, "log2"), "dna": layer("methylation", dna, "m_value")},
    )
    return SimpleNamespace(subtypes=Subtypes(labels, {}, {}), prepared=ready)


SETS = {
    "mcp_counter": {"T cells": GENES[:5], "B lineage": GENES[10:14], "Fibroblasts": ["x1", "x2"]},
    "danaher": {"CD45": ["x3"], "DC": GENES[20:23]},
}


def test_section_says_what_differs_and_what_was_not_computed(made: SimpleNamespace) -> None:
    immune = immune_scores(made.prepared, SETS, subtypes=made.subtypes)
    results = SimpleNamespace(immune=immune, subtypes=made.subtypes)
    section = immune_section(results)
    assert section is not None
    assert section.title == "Which immune and stromal scores differ?"
    text = section.paragraphs[0]
    assert text.startswith("3 of 6 scores have enough measured genes among the 40 genes of layer")
    assert "No score of cytolytic activity could be computed." in text
    assert (
        "mcp_counter: 1 of 2 scores reached FDR 0.05 over 8 comparisons; smallest p of one subtype "
        "against the others: T cells, "
        "higher in S1." in text
    )
    assert "danaher: 0 of 1 score reached FDR 0.05 over 4 comparisons." in text
    first, second = immune_summary(results)
    assert first == (
        "1 of 3 immune or stromal scores differs between subtypes (FDR at most 0.05 within each "
        "collection)."
    )
    assert second.startswith(
        "Smallest p of one subtype against the others: mcp_counter: T cells, higher in S1 (rank"
    )
    nothing = replace(immune, tests=immune.tests.assign(fdr=0.9))
    (none,) = immune_summary(SimpleNamespace(immune=nothing, subtypes=made.subtypes))
    assert none.startswith("There is no evidence that immune or stromal scores differ between sub")
    assert "are no cell counts" in section.paragraphs[-1]
    assert any("Becht" in note for note in section.notes)
    absent = section.details[-1]
    assert [row[0].text for row in absent.rows][:2] == [
        "danaher: CD45",
        "mcp_counter: Fibroblasts",
    ]
    assert section.tables[0].rows[0][0].text == "mcp_counter: T cells"
    assert [plan.name for plan in immune_plans(results)] == ["immune_scores", "immune_strongest"]
    assert all(plan.draw() is not None for plan in immune_plans(results))


def test_shares_of_cells_are_described(made: SimpleNamespace) -> None:
    shares = pd.DataFrame(
        np.random.default_rng(1).dirichlet([1, 1, 1], 36), made.subtypes.labels.index, list("ABC")
    )
    fit = pd.DataFrame(
        {"correlation": 0.8, "root_mean_square_error": 0.5, "p": 0.01, "n_genes": 120},
        shares.index,
    )
    fit.iloc[:2, 2] = 0.4
    immune = replace(
        immune_scores(made.prepared, SETS),
        fractions=shares,
        fit=fit,
        fraction_tests=compare_scores(made.subtypes, shares),
    )
    results = SimpleNamespace(immune=immune, subtypes=made.subtypes)
    section = immune_section(results)
    assert section is not None
    assert immune_summary(results) == ["No immune or stromal score was compared between subtypes."]
    shares_text = section.paragraphs[1]
    assert (
        "Shares of 3 cell types were estimated in 36 patients from 120 genes shared" in shares_text
    )
    assert "In 2 patients, the matrix explains expression no better" in shares_text
    assert [plan.name for plan in immune_plans(results)] == ["cell_fractions"]


def test_pairs_are_described_with_their_family(made: SimpleNamespace) -> None:
    pairs = expression_methylation_pairs(made.subtypes, made.prepared)
    results = SimpleNamespace(biology=Biology(methylation_pairs=pairs), subtypes=made.subtypes)
    section = methylation_section(results)
    assert section is not None
    text = section.paragraphs[0]
    assert text.startswith("40 genes have both expression (up to 36 patients)")
    assert "methylation correlate negatively in 1 of 2 genes tested" in text
    first, second = methylation_summary(results)
    assert first == (
        "Expression and methylation of 2 of 40 genes change in opposite directions in a subtype "
        "(FDR at most 0.05 over 120 comparisons)."
    )
    assert "raised and less methylated in S1" in second
    assert {row[1].text for row in section.tables[0].rows} >= {"g00", "g01"}
    (plan,) = methylation_plans(results)
    assert plan.draw() is not None


def test_no_pair_is_said_plainly(made: SimpleNamespace) -> None:
    pairs = expression_methylation_pairs(made.subtypes, made.prepared)
    pairs = pairs.assign(p=0.5, fdr=0.9, correlation_fdr=np.nan)
    results = SimpleNamespace(biology=Biology(methylation_pairs=pairs), subtypes=made.subtypes)
    section = methylation_section(results)
    assert section is not None
    (answer,) = methylation_summary(results)
    assert answer.startswith("There is no evidence that expression and methylation change in opp")
    assert section.tables == ()


def test_nothing_asked_is_no_section(made: SimpleNamespace) -> None:
    results = SimpleNamespace(immune=None, biology=None, subtypes=made.subtypes)
    assert immune_section(results) is None
    assert methylation_section(results) is None
    assert list(immune_plans(results)) == []
    assert list(methylation_plans(results)) == []
    results.biology = Biology(methylation_pairs=empty_pairs())
    assert methylation_section(results) is None
