from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import HeterogeneityIndex, Prepared, PreparedLayer, RadiogenomicMap
from omicsfuse.plot.bipartite import module_heatmap
from omicsfuse.plot.heterogeneity import heterogeneity_correlates, heterogeneity_survival

NONE = pd.DataFrame()


def modules(found: int) -> RadiogenomicMap:
    """Twelve clusters and three modules, with so many pairs found."""
    random = np.random.default_rng(0)
    rows = [
        {"cluster": f"R{i}", "module": f"M{j}", "correlation": random.uniform(-0.2, 0.6)}
        for i in range(1, 13)
        for j in range(1, 4)
    ]
    table = pd.DataFrame(rows).assign(
        p=np.linspace(0.001, 1, 36),
        fdr=np.where(np.arange(36) < found, 0.01, 0.6),
        representative="wavelet-LLH_glszm_SizeZoneNonUniformityNormalized_of_a_long_name",
        hub_genes="GENE1, GENE2, GENE3",
    )
    return RadiogenomicMap(NONE, NONE, NONE, modules=table)


def index() -> tuple[HeterogeneityIndex, Prepared]:
    names = [f"P{i:02d}" for i in range(20)]
    values = pd.DataFrame(np.arange(60.0).reshape(20, 3) % 17, names, ["a", "b", "c"])
    values.loc["P03", "a"] = np.nan
    layer = PreparedLayer("radiomics", values, values, "normal_score", None)
    patients = pd.DataFrame(
        {"index": np.linspace(1, 0, 20), "group": ["H2"] * 8 + ["H1"] * 12}, names
    )
    features = pd.DataFrame(
        {
            "feature": ["a", "b", "c"],
            "block": ["first-order", "texture", "texture"],
            "correlation": [0.9, -0.5, 0.2],
            "direction": [1, 0, -1],
            "used": [True, True, False],
        }
    )
    tests = pd.DataFrame(
        {
            "variable": ["os", "os", "pfi", "age", "site", "volume"],
            "kind": ["survival"] * 3 + ["number", "category", "number"],
            "n": [90, 88, 90, 90, 90, 90],
            "events": [40, 39, 4, np.nan, np.nan, np.nan],
            "effect": [1.3, 1.2, np.nan, 0.1, 0.05, -0.6],
            "effect_ci_low": [1.0, 0.9, np.nan, -0.1, 0.0, -0.7],
            "effect_ci_high": [1.7, 1.6, np.nan, 0.3, 0.1, -0.45],
            "effect_name": ["hazard ratio per SD"] * 3
            + ["Spearman correlation", "epsilon squared", "Spearman correlation"],
            "adjusted_for": ["", "age; sex, stage; strata site", "", "", "", ""],
            "covariates": ["", "age; sex, stage", "", "", "", ""],
            "p": [0.05, 0.2, np.nan, 0.3, 0.2, 1e-6],
            "fdr": [0.1, 0.2, np.nan, 0.3, 0.3, 1e-6],
            "family": ["survival"] * 3 + ["clinical"] * 2 + ["technical"],
        }
    )
    return (
        HeterogeneityIndex(patients, NONE, features, tests, {"layer": "ct"}),
        Prepared("toy", {"ct": layer}),
    )


def test_heatmap_of_modules_marks_what_was_found(tmp_path: Path) -> None:
    ax = module_heatmap(modules(4))
    assert [text.get_text() for text in ax.get_yticklabels()][9].startswith("R10: wavLLH_")
    assert len(ax.get_yticklabels()) == 12
    (dots,) = ax.lines
    assert len(dots.get_xdata()) == 4
    first = plot.save_figure(ax, tmp_path / "one")[0].read_bytes()
    again = plot.save_figure(module_heatmap(modules(4)), tmp_path / "one")[0].read_bytes()
    assert first == again


def test_network_draws_only_what_was_found() -> None:
    ax = plot.module_network(modules(5))
    labels = [text.get_text() for text in ax.texts]
    assert [label[:3] for label in labels[:5]] == ["R1:", "R2:", "M1:", "M2:", "M3:"]
    assert max(map(len, labels)) <= 36
    assert plot.module_network(modules(0)).texts[0].get_text().startswith("Nothing to show")


def test_patients_are_drawn_by_index() -> None:
    found, prepared = index()
    top, below = plot.heterogeneity_heatmap(found, prepared)
    heights = [bar.get_height() for bar in top.patches]
    assert len(heights) == 20
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["H1 (12)", "H2 (8)"]
    assert [text.get_text() for text in below.get_yticklabels()] == ["a  +0.90", "c  +0.20",
                                                                     "b  -0.50"]  # fmt: skip
    (none,) = plot.heterogeneity_heatmap(found, Prepared("other", {}))
    assert "not available" in none.texts[0].get_text()


def test_correlates_are_numbers_only() -> None:
    found, _ = index()
    ax = heterogeneity_correlates(found)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["age", "volume"]
    filled = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "s"]
    assert filled[0] == "white"
    assert filled[1] != "white"


def test_hazard_ratios_say_what_they_are_adjusted_for() -> None:
    found, _ = index()
    ax = heterogeneity_survival(found)
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        *("os", "unadjusted", "adjusted for age; sex, stage", "pfi", "unadjusted"),
    ]
    assert "not estimated" in [text.get_text() for text in ax.texts]
