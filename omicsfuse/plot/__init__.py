"""Figures: every function draws results, computes nothing, and returns matplotlib Axes."""

from omicsfuse.plot.alterations_grid import oncoprint
from omicsfuse.plot.assignment import assignment_calibration_figure, assignment_figure
from omicsfuse.plot.biology import pathways, top_markers
from omicsfuse.plot.bipartite import MOST_CLUSTERS, module_heatmap, module_network
from omicsfuse.plot.calibrated import calibration
from omicsfuse.plot.canvas import nothing, save_figure
from omicsfuse.plot.choice import choice_of_k, consensus_cdf
from omicsfuse.plot.clusters import stability
from omicsfuse.plot.colours import PALETTE, subtype_colour
from omicsfuse.plot.decisions import decision_curve
from omicsfuse.plot.evidence import consensus_matrix, structure_tests
from omicsfuse.plot.flows import alluvial
from omicsfuse.plot.forest import forest, verification_forest
from omicsfuse.plot.gains import feature_groups, layer_gains
from omicsfuse.plot.heterogeneity import (
    heterogeneity_correlates,
    heterogeneity_heatmap,
    heterogeneity_survival,
)
from omicsfuse.plot.incidence import cumulative_incidence
from omicsfuse.plot.kaplan import kaplan_meier
from omicsfuse.plot.layers import layer_contributions, subtype_layers
from omicsfuse.plot.meta import leave_one_out_forest, meta_forest
from omicsfuse.plot.network import MOST_DRAWN, coverage, fused_network, patient_map
from omicsfuse.plot.numbers import format_p
from omicsfuse.plot.radiogenomic_map import (
    radiogenomic_heatmap,
    radiogenomic_pairs,
    radiogenomic_quantiles,
)
from omicsfuse.plot.random_null import random_null_figure
from omicsfuse.plot.residuals import schoenfeld
from omicsfuse.plot.settings import sensitivity

__all__ = [
    "MOST_CLUSTERS",
    "MOST_DRAWN",
    "PALETTE",
    "alluvial",
    "assignment_calibration_figure",
    "assignment_figure",
    "calibration",
    "choice_of_k",
    "consensus_cdf",
    "consensus_matrix",
    "coverage",
    "cumulative_incidence",
    "decision_curve",
    "feature_groups",
    "forest",
    "format_p",
    "fused_network",
    "heterogeneity_correlates",
    "heterogeneity_heatmap",
    "heterogeneity_survival",
    "kaplan_meier",
    "layer_contributions",
    "layer_gains",
    "leave_one_out_forest",
    "meta_forest",
    "module_heatmap",
    "module_network",
    "nothing",
    "oncoprint",
    "pathways",
    "patient_map",
    "radiogenomic_heatmap",
    "radiogenomic_pairs",
    "radiogenomic_quantiles",
    "random_null_figure",
    "save_figure",
    "schoenfeld",
    "sensitivity",
    "stability",
    "structure_tests",
    "subtype_colour",
    "subtype_layers",
    "top_markers",
    "verification_forest",
]
