"""Ways to score a patient on a set of genes, one a file; all are `omicsfuse.signatures.Scorer`s."""

from omicsfuse.signatures.scorers.gsva import SetVariation
from omicsfuse.signatures.scorers.nearest_template import NearestTemplate, template_scores
from omicsfuse.signatures.scorers.rank import RankScore
from omicsfuse.signatures.scorers.weighted_z import WeightedZ, weighted_scores
from omicsfuse.stats.single_sample.ssgsea import SingleSampleEnrichment

__all__ = [
    "NearestTemplate",
    "RankScore",
    "SetVariation",
    "SingleSampleEnrichment",
    "WeightedZ",
    "template_scores",
    "weighted_scores",
]
