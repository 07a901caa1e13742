"""Figures: every function draws results and returns matplotlib Axes.

Nothing is computed here but a layout or markers that were not given. A notebook shows the figures
that a cell draws when the cell ends, as with pyplot; pyplot is not used, and a script keeps no
figure alive.
"""

from omicsfuse.plot.alterations_grid import oncoprint
from omicsfuse.plot.assignment import assignment_calibration_figure, assignment_figure
from omicsfuse.plot.biology import top_markers
from omicsfuse.plot.bipartite import MOST_CLUSTERS, module_heatmap, module_network
from omicsfuse.plot.calibrated import calibration
from omicsfuse.plot.canvas import nothing, save_figure
from omicsfuse.plot.choice import choice_of_k, consensus_cdf
from omicsfuse.plot.clusters import stability
from omicsfuse.plot.colours import PALETTE, subtype_colour
from omicsfuse.plot.comprehensive import comprehensive_heatmap
from omicsfuse.plot.decisions import decision_curve
from omicsfuse.plot.evidence import consensus_matrix, structure_tests
from omicsfuse.plot.flows import alluvial
from omicsfuse.plot.forest import forest, verification_forest
from omicsfuse.plot.gains import feature_groups, layer_gains
from omicsfuse.plot.gene_sets import pathway_heatmap, pathways
from omicsfuse.plot.heterogeneity import (
    heterogeneity_correlates,
    heterogeneity_heatmap,
    heterogeneity_survival,
)
from omicsfuse.plot.immune import cell_fractions, immune_heatmap, immune_strips
from omicsfuse.plot.incidence import cumulative_incidence
from omicsfuse.plot.interpretation import (
    interpretation_gene_sets,
    interpretation_genes,
    interpretation_groups,
)
from omicsfuse.plot.kaplan import kaplan_meier
from omicsfuse.plot.layers import layer_contributions, subtype_layers
from omicsfuse.plot.meta import leave_one_out_forest, meta_forest
from omicsfuse.plot.methylation import methylation_quadrants
from omicsfuse.plot.network import MOST_DRAWN, coverage, fused_network, patient_map
from omicsfuse.plot.numbers import format_p
from omicsfuse.plot.patient_scores import score_heatmap
from omicsfuse.plot.radiogenomic_map import (
    radiogenomic_heatmap,
    radiogenomic_pairs,
    radiogenomic_quantiles,
)
from omicsfuse.plot.random_null import random_null_figure
from omicsfuse.plot.residuals import schoenfeld
from omicsfuse.plot.running_sums import enrichment_plot, enrichment_plots
from omicsfuse.plot.settings import sensitivity

__all__ = [
    "MOST_CLUSTERS",
    "MOST_DRAWN",
    "PALETTE",
    "alluvial",
    "assignment_calibration_figure",
    "assignment_figure",
    "calibration",
    "cell_fractions",
    "choice_of_k",
    "comprehensive_heatmap",
    "consensus_cdf",
    "consensus_matrix",
    "coverage",
    "cumulative_incidence",
    "decision_curve",
    "enrichment_plot",
    "enrichment_plots",
    "feature_groups",
    "forest",
    "format_p",
    "fused_network",
    "immune_heatmap",
    "immune_strips",
    "heterogeneity_correlates",
    "heterogeneity_heatmap",
    "heterogeneity_survival",
    "interpretation_gene_sets",
    "interpretation_genes",
    "interpretation_groups",
    "kaplan_meier",
    "layer_contributions",
    "layer_gains",
    "leave_one_out_forest",
    "meta_forest",
    "methylation_quadrants",
    "module_heatmap",
    "module_network",
    "nothing",
    "oncoprint",
    "pathway_heatmap",
    "pathways",
    "patient_map",
    "radiogenomic_heatmap",
    "radiogenomic_pairs",
    "radiogenomic_quantiles",
    "random_null_figure",
    "save_figure",
    "schoenfeld",
    "score_heatmap",
    "sensitivity",
    "stability",
    "structure_tests",
    "subtype_colour",
    "subtype_layers",
    "top_markers",
    "verification_forest",
]
