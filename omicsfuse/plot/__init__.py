"""Figures: every function draws results, computes nothing, and returns matplotlib Axes."""

from omicsfuse.plot.biology import pathways, top_markers
from omicsfuse.plot.canvas import nothing, save_figure
from omicsfuse.plot.clusters import choice_of_k, layer_contributions, stability
from omicsfuse.plot.colours import PALETTE, subtype_colour
from omicsfuse.plot.forest import forest, verification_forest
from omicsfuse.plot.kaplan import kaplan_meier
from omicsfuse.plot.network import MOST_DRAWN, coverage, fused_network, patient_map
from omicsfuse.plot.numbers import format_p

__all__ = [
    "MOST_DRAWN",
    "PALETTE",
    "choice_of_k",
    "coverage",
    "forest",
    "format_p",
    "fused_network",
    "kaplan_meier",
    "layer_contributions",
    "nothing",
    "pathways",
    "patient_map",
    "save_figure",
    "stability",
    "subtype_colour",
    "top_markers",
    "verification_forest",
]
