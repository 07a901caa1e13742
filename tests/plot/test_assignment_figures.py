"""Figures of assigning: every row drawn, the right ones in colour, and nothing where nothing is."""

from pathlib import Path

import pandas as pd
import pytest

from omicsfuse.core.results import ASSIGNMENT_COLUMNS, AssignmentEvidence
from omicsfuse.plot import assignment_figure, save_figure
from omicsfuse.plot.assignment import assignment_calibration_figure
from omicsfuse.plot.colours import ACCENT


def made_evidence() -> AssignmentEvidence:
    table = pd.DataFrame(
        {
            "layers": ["ct", "rna", "ct + rna"],
            "n": 50,
            "accuracy": [0.5, 0.8, 0.9],
            "accuracy_ci_low": [0.36, 0.67, 0.79],
            "accuracy_ci_high": [0.64, 0.89, 0.96],
            "no_information_rate": 0.5,
            "p": [0.55, 1e-5, 1e-9],
            "calibration_error": [0.2, 0.05, 0.04],
            "share_assigned": [0.0, 0.8, 0.9],
            "accuracy_of_assigned": [float("nan"), 0.85, 0.93],
        }
    ).reindex(columns=[*ASSIGNMENT_COLUMNS, "n_layers"])
    table["n_layers"] = [1, 1, 2]
    bins = pd.DataFrame(
        {
            "layers": ["ct", "rna", "rna", "ct + rna"],
            "bin": [6, 7, 9, 10],
            "n": [50.0, 20.0, 30.0, 50.0],
            "predicted": [0.55, 0.65, 0.85, 0.93],
            "observed": [0.5, 0.7, 0.83, 0.9],
        }
    )
    return AssignmentEvidence(None, table, calibration=bins)


@pytest.fixture
def evidence() -> AssignmentEvidence:
    return made_evidence()


def test_accuracy_has_a_row_for_each_set_and_colour_where_p_is_small(
    evidence: AssignmentEvidence,
) -> None:
    ax = assignment_figure(evidence)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ct", "rna", "ct + rna"]
    dots = {line.get_label(): line for line in ax.get_lines()}
    above = dots["above the share of the largest subtype (p at most 0.05)"]
    assert list(above.get_xdata()) == [0.8, 0.9]
    assert above.get_color() == ACCENT
    assert list(dots["not significant"].get_xdata()) == [0.5]
    assert list(dots["accuracy in assigned patients"].get_xdata()) == [0.85, 0.93]
    written = [text.get_text() for text in ax.texts]
    assert {"0%", "80%", "90%"} <= set(written)


def test_calibration_has_a_panel_for_each_layer_and_one_for_all(
    evidence: AssignmentEvidence,
) -> None:
    drawn = assignment_calibration_figure(evidence)
    assert [panel.get_title(loc="left") for panel in drawn] == ["ct", "rna", "all layers"]
    points = drawn[1].collections[0].get_offsets()
    assert points.tolist() == [[0.65, 0.7], [0.85, 0.83]]
    assert "calibration error 0.05" in [text.get_text() for text in drawn[1].texts]


def test_figures_are_the_same_bytes_each_time(evidence: AssignmentEvidence, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        save_figure(assignment_figure(evidence), tmp_path / folder / "a")
        save_figure(assignment_calibration_figure(evidence), tmp_path / folder / "b")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_nothing_to_show_is_said() -> None:
    row = pd.DataFrame([{"layers": "ct", "n": 5, "note": "one subtype"}])
    empty = AssignmentEvidence(None, row.reindex(columns=ASSIGNMENT_COLUMNS))
    assert "Nothing to show" in assignment_figure(empty).texts[0].get_text()
    assert "Nothing to show" in assignment_calibration_figure(empty)[0].texts[0].get_text()
