"""Every public plot function stays within the cell of the axes that a caller gives it."""

import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import omicsfuse as of
from omicsfuse import plot
from omicsfuse.core.results import ImmuneContext, Interpretation, RadiogenomicMap, Subtypes
from omicsfuse.core.results.biology import SCORE_TEST_COLUMNS

HERE = Path(__file__).parent
NOT_DRAWN = {"PALETTE", "save_figure", "use_palette"}
NONE = pd.DataFrame()


def module_of(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"{path.stem}_for_cells", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def immune(subtypes: Subtypes) -> ImmuneContext:
    names = ["mcp: B lineage", "mcp: NK cells", "xcell: CD8+ T cells"]
    patients = subtypes.labels.index
    rng = np.random.default_rng(0)
    scores = pd.DataFrame(rng.normal(size=(len(patients), 3)), patients, names)
    coverage = pd.DataFrame({"score": names, "collection": ["mcp", "mcp", "xcell"]})
    rows = [
        [name, comparison, 60, 0.5, -1, 1, "", "", 0.01, 0.02, ""]
        for name in names
        for comparison in ("overall", *subtypes.names)
    ]
    shares = rng.dirichlet(np.ones(8), len(patients))
    kinds = [f"cell type {i}" for i in range(8)]
    return ImmuneContext(
        scores,
        coverage,
        pd.DataFrame(rows, columns=SCORE_TEST_COLUMNS),
        fractions=pd.DataFrame(shares, patients, kinds),
    )


def interpretation() -> Interpretation:
    genes = pd.DataFrame(
        {
            "layer": "rna", "feature": [f"GENE{i}" for i in range(16)], "effect": 0.5,
            "fdr": 0.01, "effect_ci_low": 0.2, "effect_ci_high": 0.8, "p": 0.001,
            "effect_name": "log2 change", "test": "moderated t", "adjusted_effect": 0.3,
            "adjusted_ci_low": -0.1, "adjusted_ci_high": 0.7, "adjusted_fdr": 0.2,
            "contrast": "score",
        }
    )  # fmt: skip
    sets = pd.DataFrame(
        {
            "score": ["score"] * 6, "nes": np.linspace(-2, 2, 6), "p_patients": 0.01,
            "gene_set": [f"HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION_{i}" for i in range(6)],
            "fdr_patients": 0.03, "contrast": "score", "adjusted": False,
        }
    )  # fmt: skip
    return Interpretation("m", pd.Series(dtype=float), "score", genes, NONE, sets)


def radiogenomics(modules: pd.DataFrame) -> RadiogenomicMap:
    features = [f"original_glcm_InverseDifferenceMoment_{i}" for i in range(12)]
    targets = [f"GENE{i}" for i in range(14)]
    rng = np.random.default_rng(0)
    matrix = pd.DataFrame(rng.uniform(-0.6, 0.6, (12, 14)), features, targets)
    rows = [
        {"feature": f, "layer": "rna", "target": t, "p": 0.001 * (i + j), "fdr": 0.01 * (i + j)}
        for i, f in enumerate(features)
        for j, t in enumerate(targets)
    ]
    table = pd.DataFrame(rows).assign(vanishes=lambda t: t["p"] > 0.003)
    return RadiogenomicMap(NONE, table, NONE, {"rna": matrix}, modules=modules)


def every_function() -> dict[str, Callable[[Axes | None], Any]]:
    """Each public function with objects as a user has them."""
    made = module_of(HERE.parent / "report" / "synthetic_results.py").make_results
    results, competing = made(), made(competing=True)
    verified = module_of(HERE / "test_verification_figures.py").made()
    heterogeneity = module_of(HERE / "test_plot_heterogeneity.py")
    index, prepared = heterogeneity.index()
    assignment = module_of(HERE / "test_assignment_figures.py").made_evidence()
    subtypes, cells = results.subtypes, immune(results.subtypes)
    methylated = pd.DataFrame(
        {
            "gene": [f"GENE{i}" for i in range(20)] * 3, "subtype": np.repeat(subtypes.names, 20),
            "expression_effect": np.tile(np.linspace(-1, 1, 20), 3), "p": 0.01, "fdr": 0.02,
            "methylation_effect": np.tile(np.linspace(1, -1, 20), 3),
        }
    )  # fmt: skip
    found, model = radiogenomics(heterogeneity.modules(9).modules), interpretation()
    known = results.cohort.clinical[results.cohort.known_labels[0]]
    calls: dict[str, tuple[Any, ...]] = {
        "alluvial": (subtypes, known),
        "assignment_figure": (assignment,),
        "cell_fractions": (cells, subtypes),
        "choice_of_k": (subtypes, results.assessment),
        "comprehensive_heatmap": (subtypes, results.prepared, results.markers),
        "coverage": (results.fusion,),
        "cumulative_incidence": (competing.survival["os"],),
        "forest": (results.survival["os"],),
        "fused_network": (results.fusion, subtypes),
        "heterogeneity_heatmap": (index, prepared),
        "immune_heatmap": (cells, subtypes),
        "interpretation_gene_sets": (model,),
        "interpretation_genes": (model,),
        "kaplan_meier": (results.survival["os"],),
        "layer_contributions": (results.assessment,),
        "meta_forest": (verified,),
        "methylation_quadrants": (methylated, subtypes),
        "module_network": (found,),
        "oncoprint": (results.alterations, subtypes, results.cohort),
        "pathway_heatmap": (results.enrichment,),
        "pathways": (results.enrichment,),
        "patient_map": (results.embedding, subtypes),
        "radiogenomic_heatmap": (found,),
        "score_heatmap": (cells.scores, subtypes),
        "stability": (results.assessment,),
        "subtype_layers": (results.assessment,),
        "top_markers": (results.markers, subtypes, results.prepared),
        "verification_forest": (verified,),
    }
    return {
        name: lambda ax=None, name=name, given=given: getattr(plot, name)(*given, ax=ax)
        for name, given in calls.items()
    }


NAMES = sorted(set(plot.__all__) - NOT_DRAWN)


@pytest.fixture(scope="module")
def every() -> dict[str, Callable[..., Any]]:
    return every_function()


def two_panels(layout: str | None) -> tuple[Figure, Axes, Axes]:
    figure = Figure(figsize=(10, 4), layout=layout)
    left, right = figure.subplots(1, 2)
    right.plot([0, 1], [0, 1])
    right.set_title("the neighbour")
    return figure, left, right


def artists_in(box: Any, ax: Axes, renderer: Any) -> list[str]:
    """What of one axes is drawn inside a box that belongs to others."""
    found = []
    for artist in ax.findobj():
        if not artist.get_visible() or artist in (ax.patch,):
            continue
        own = artist.get_tightbbox(renderer) if hasattr(artist, "get_tightbbox") else None
        if own is None or not np.all(np.isfinite(own.extents)) or own.width * own.height == 0:
            continue
        if artist.get_clip_on() and artist.get_clip_box() is not None:
            continue  # cut off at the axes, which are measured themselves
        if own.x0 < box.x1 and own.x1 > box.x0 and own.y0 < box.y1 and own.y1 > box.y0:
            found.append(f"{artist} at {np.round(own.extents)}")
    return found


def test_every_public_function_is_tried(every) -> None:
    assert sorted(every) == NAMES


@pytest.mark.parametrize("layout", [None, "constrained"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_left_panel_reaches_into_the_right(every, name: str, layout) -> None:
    figure, left, right = two_panels(layout)
    drawn = every[name](left)
    first = drawn[0] if isinstance(drawn, list) else drawn
    assert first is left or first in left.child_axes
    figure.draw_without_rendering()
    renderer = figure._get_renderer()
    box = right.get_window_extent(renderer)
    assert artists_in(box, left, renderer) == []
    whole = left.get_tightbbox(renderer)
    assert whole.x1 <= box.x0
    width, height = figure.bbox.size
    assert whole.x0 >= -2
    assert whole.y0 >= -2
    assert whole.y1 <= height + 2
    # There is something to see: the part for the data is no sliver.
    inner = sum(panel.bbox.width for panel in left.child_axes) if not left.axison else 0
    assert max(inner, left.bbox.width) > 0.12 * width


def test_house_style_holds_in_the_callers_axes(every) -> None:
    _, left, _ = two_panels(None)
    left.grid(True)
    before = dict(matplotlib.rcParams)
    ax = every["kaplan_meier"](left)
    assert ax is left
    assert not left.spines["top"].get_visible()
    assert not left.spines["right"].get_visible()
    assert left.xaxis.label.get_color() == plot.colours.INK
    assert dict(matplotlib.rcParams) == before


def test_a_notebook_cell_of_two_panels(every) -> None:
    import matplotlib.pyplot as plt

    for layout in (None, "constrained", "tight"):
        figure, (a, b) = plt.subplots(1, 2, figsize=(10, 4), layout=layout)
        every["kaplan_meier"](a)
        every["patient_map"](b)
        figure.canvas.draw()
        renderer = figure._get_renderer()
        first, second = a.get_tightbbox(renderer), b.get_tightbbox(renderer)
        assert first.x1 <= second.x0 + 1
        assert second.x1 <= figure.bbox.width + 1
        plt.close(figure)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_types_are_named(every, name: str) -> None:
    function = getattr(plot, name)
    first = next(iter(inspect.signature(function).parameters))
    needed = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
    ]
    with pytest.raises(of.StudyError, match=rf"^{first} is of type int; expected "):
        function(*([3] * len(needed)))
    with pytest.raises(of.StudyError, match=r"^ax is of type str; expected Axes"):
        every[name]("left")
