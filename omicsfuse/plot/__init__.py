"""Figures: every function draws results and returns matplotlib Axes.

Nothing is computed here but a layout or markers that were not given. A notebook shows the figures
that a cell draws when the cell ends, as with pyplot; pyplot is not used, and a script keeps no
figure alive.
"""

from omicsfuse.plot.alterations_grid import oncoprint
from omicsfuse.plot.assignment import assignment_figure
from omicsfuse.plot.biology import top_markers
from omicsfuse.plot.bipartite import module_network
from omicsfuse.plot.choice import choice_of_k
from omicsfuse.plot.clusters import stability
from omicsfuse.plot.colours import PALETTE, use_palette
from omicsfuse.plot.comprehensive import comprehensive_heatmap
from omicsfuse.plot.flows import alluvial
from omicsfuse.plot.forest import forest, verification_forest
from omicsfuse.plot.gene_sets import pathway_heatmap, pathways
from omicsfuse.plot.heterogeneity import heterogeneity_heatmap
from omicsfuse.plot.immune import cell_fractions, immune_heatmap
from omicsfuse.plot.incidence import cumulative_incidence
from omicsfuse.plot.interpretation import interpretation_gene_sets, interpretation_genes
from omicsfuse.plot.kaplan import kaplan_meier
from omicsfuse.plot.layers import layer_contributions, subtype_layers
from omicsfuse.plot.meta import meta_forest
from omicsfuse.plot.methylation import methylation_quadrants
from omicsfuse.plot.network import coverage, fused_network
from omicsfuse.plot.patient_map import patient_map
from omicsfuse.plot.patient_scores import score_heatmap
from omicsfuse.plot.radiogenomic_map import radiogenomic_heatmap
from omicsfuse.plot.saving import save_figure

__all__ = [
    "PALETTE",
    "alluvial",
    "assignment_figure",
    "cell_fractions",
    "choice_of_k",
    "comprehensive_heatmap",
    "coverage",
    "cumulative_incidence",
    "forest",
    "fused_network",
    "immune_heatmap",
    "heterogeneity_heatmap",
    "interpretation_gene_sets",
    "interpretation_genes",
    "kaplan_meier",
    "layer_contributions",
    "meta_forest",
    "methylation_quadrants",
    "module_network",
    "oncoprint",
    "pathway_heatmap",
    "pathways",
    "patient_map",
    "radiogenomic_heatmap",
    "save_figure",
    "score_heatmap",
    "stability",
    "subtype_layers",
    "top_markers",
    "use_palette",
    "verification_forest",
]
