"""Figures of immune context and of pairs: what is drawn, and that nothing is drawn calmly."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse import plot
from omicsfuse.core.results import ImmuneContext, Subtypes
from omicsfuse.core.results.biology import SCORE_TEST_COLUMNS
from omicsfuse.plot.colours import PALETTE
from omicsfuse.plot.immune import _TYPE_COLOURS, immune_strips, strongest_scores

PATIENTS = [f"P{i}" for i in range(12)]


@pytest.fixture
def subtypes() -> Subtypes:
    return Subtypes(pd.Series(np.repeat(["S1", "S2", "S3"], 4), PATIENTS), {}, {})


@pytest.fixture
def immune() -> ImmuneContext:
    names = ["b: B", "a: NK", "a: T"]
    scores = pd.DataFrame(np.arange(36.0).reshape(12, 3), PATIENTS, names)
    coverage = pd.DataFrame({"score": names, "collection": ["b", "a", "a"]})
    rows = []
    for j, name in enumerate(names):
        for i, comparison in enumerate(["overall", "S1", "S2", "S3"]):
            p = [0.001, 0.2, 0.01][j] * (1 + i)
            rows.append([name, comparison, 12, 0.9 - 0.4 * i, -1, 1, "", "", p, p, ""])
    tests = pd.DataFrame(rows, columns=SCORE_TEST_COLUMNS)
    shares = pd.DataFrame(np.full((12, 13), 1 / 13), PATIENTS, [f"type {i}" for i in range(13)])
    return ImmuneContext(scores, coverage, tests, fractions=shares)


def test_heatmap_groups_collections_and_marks_what_is_found(
    immune: ImmuneContext, subtypes: Subtypes
) -> None:
    ax = plot.immune_heatmap(immune, subtypes.names)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a: T", "a: NK", "b: B"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["S1", "S2", "S3"]
    # a: T at 0.02, 0.03, 0.04 and b: B at 0.002, 0.003, 0.004.
    assert len(ax.collections[0].get_offsets()) == 6
    assert ax.images[0].get_array()[0, 0] == pytest.approx(0.5)
    assert strongest_scores(immune.tests, 2) == ["b: B", "a: T"]


def test_two_subtypes_are_one_column(immune: ImmuneContext) -> None:
    ax = plot.immune_heatmap(immune, ["S1", "S2"])
    assert [text.get_text() for text in ax.get_xticklabels()] == ["S1 vs S2"]


def test_strips_have_a_dot_for_every_patient(immune: ImmuneContext, subtypes: Subtypes) -> None:
    ax = immune_strips(immune, subtypes, most=2)
    assert len(ax.figure.axes) == 2
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == 12
    assert ax.get_xlabel() == "overall FDR = 0.001"
    assert ax.lines[0].get_ydata()[0] == pytest.approx(4.5)


def test_shares_reach_one_and_rare_types_are_one(immune: ImmuneContext, subtypes: Subtypes) -> None:
    ax = plot.cell_fractions(immune, subtypes)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) == 11
    assert labels[-1] == "all others"
    top = ax.collections[-1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(1.0)
    assert not set(_TYPE_COLOURS) & set(PALETTE)


def test_quadrants_colour_and_name_what_is_found(subtypes: Subtypes) -> None:
    genes = [f"g{i}" for i in range(9)]
    pairs = pd.DataFrame(
        {
            "subtype": "S1",
            "gene": genes,
            "expression_effect": np.linspace(-2, 2, 9),
            "methylation_effect": np.linspace(2, -2, 9),
            "p": np.linspace(0.001, 0.9, 9),
            "fdr": [0.01, 0.02, *[0.5] * 7],
        }
    )
    ax = plot.methylation_quadrants(pairs, subtypes.names)
    assert sorted(text.get_text() for text in ax.texts) == ["g0", "g1"]
    assert [len(dots.get_offsets()) for dots in ax.collections] == [7, 2]
    assert ax.get_title(loc="left") == "S1 vs others"
    assert plot.methylation_quadrants(pairs, ["S1", "S2"]).get_title(loc="left") == "S1 vs S2"
    same = pairs.assign(methylation_effect=0.0, fdr=0.01)
    heights = [t.xyann[1] for t in plot.methylation_quadrants(same, ["S1", "S2"]).texts]
    assert np.diff(sorted(heights)).min() > 0.2


def test_nothing_is_drawn_calmly(subtypes: Subtypes) -> None:
    empty = ImmuneContext(pd.DataFrame(), pd.DataFrame())
    for ax in (
        plot.immune_heatmap(empty, subtypes.names),
        immune_strips(empty, subtypes),
        plot.cell_fractions(empty, subtypes),
        plot.methylation_quadrants(pd.DataFrame(), subtypes.names),
    ):
        assert ax.texts[0].get_text().startswith("Nothing to show")
