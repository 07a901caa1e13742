"""Figures of a signature in other cohorts: random sets, and means over cohorts."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from omicsfuse import plot
from omicsfuse.core.results import Verification
from omicsfuse.plot.meta import leave_one_out_forest
from omicsfuse.plot.random_null import random_null_figure
from omicsfuse.verification.meta import across_cohorts


def words(axes) -> str:
    first = axes if not isinstance(axes, list) else axes[0]
    return "\n".join(t.get_text() for t in first.figure.findobj(matplotlib.text.Text))


def made(n: int = 3) -> Verification:
    y, se = np.linspace(0.2, 0.6, n + 2), np.linspace(0.1, 0.3, n + 2)
    table = pd.DataFrame(
        {
            "cohort": [*(f"cohort {i}" for i in range(n)), "images lacking", "glioma"],
            "endpoint": "os", "signature": "toy",
            "role": ["external"] * n + ["internal-external", "negative control"],
            "comparison": "S1 score per SD", "contrast": "per SD", "n": 100, "events": 50.0,
            "hr": np.exp(y),
            "hr_ci_low": np.exp(y - 1.96 * se), "hr_ci_high": np.exp(y + 1.96 * se), "p": 0.03,
            "p_one_sided": 0.015, "adjusted_for": "",
        }
    )  # fmt: skip
    more = table.assign(contrast="per SD, adjusted", adjusted_for="age, stage")
    more["comparison"] = "S1 score per SD, adjusted"
    rest = table.assign(comparison="assigned S1 vs rest", contrast="vs rest")
    table = pd.concat([table, more, rest], ignore_index=True)
    null = pd.DataFrame(
        {
            "cohort": "cohort 0", "endpoint": "os", "signature": "toy", "score": "S1",
            "kind": ["signature"] + ["random"] * 99 + ["permuted"] * 5,
            "z": [-2.5, *np.linspace(-2.6, 2.4, 99), *np.linspace(-1, 1, 5)],
        }
    )  # fmt: skip
    return Verification(table, {}, {}, meta=across_cohorts(table), null=null)


def test_forest_of_cohorts_and_means(tmp_path) -> None:
    drawn = plot.meta_forest(made())
    text = words(drawn)
    for part in (
        "S1 score per SD, os: independent cohorts", "cohort 2", "fixed effect", "random, REML",
        "random, REML, Hartung-Knapp", "Not in the combined estimate",
        "images lacking (same study)",
        "glioma (control)", "between cohorts: Q = ", "2 df",
    ):  # fmt: skip
        assert part in text
    # Four diamonds, of the means.
    assert len(drawn.patches) == 4
    assert "100%" not in text
    wide = words(plot.meta_forest(made(), scope="all but negative controls"))
    assert "images lacking (same study)" not in wide
    assert "3 df" in wide
    plot.save_figure(drawn, tmp_path / "meta", dpi=40)


def test_forest_without_each_cohort() -> None:
    drawn = leave_one_out_forest(made())
    lines = [label.get_text() for label in drawn.get_yticklabels()]
    assert lines.count("without cohort 1") == 2
    assert lines.count("all cohorts") == 2
    assert len(drawn.patches) == 2
    nothing = words(leave_one_out_forest(made(2), scope="independent cohorts"))
    assert "fewer than three cohorts" in nothing
    assert "fewer than two cohorts" in words(plot.meta_forest(made(), endpoint="pfi"))


def test_random_sets_and_the_line_of_the_signature() -> None:
    (panel,) = random_null_figure(made())
    # 2 of 99 random sets reach 2.5: those at -2.6 and -2.549.
    assert panel.get_title(loc="left") == "cohort 0, os\nS1\npercentile 98.0 (p = 0.030)"
    (histogram,) = panel.patches
    counts, *_ = histogram.get_data()
    assert sum(counts) == 99
    assert "shuffled" in words(panel)
    (nothing,) = random_null_figure(made(), cohort="glioma")
    assert "not compared with random gene sets" in words(nothing)


@pytest.mark.parametrize(
    ("z", "title"), [(9.0, "percentile 100 (p = 0.010)"), (np.nan, "not tested")]
)
def test_percentiles_at_the_ends(z: float, title: str) -> None:
    found = made()
    found.null.loc[0, "z"] = z
    (panel,) = random_null_figure(found)
    assert panel.get_title(loc="left").endswith(f"S1\n{title}")


def test_forest_of_a_verification_names_roles_and_covariates() -> None:
    text = words(plot.verification_forest(made()))
    assert "adjusted for age, stage" in text
    assert "images lacking: os (internal-external)" in text
    assert "glioma: os (negative control)" in text
    assert "vs rest" not in text
