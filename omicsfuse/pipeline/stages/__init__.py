"""The stages of a run, one file each, and their order."""

from typing import Any

from omicsfuse.pipeline.stage import Stage
from omicsfuse.pipeline.stages.assess import ASSESS
from omicsfuse.pipeline.stages.assign import ASSIGN
from omicsfuse.pipeline.stages.clinical import CLINICAL
from omicsfuse.pipeline.stages.cluster import CLUSTER
from omicsfuse.pipeline.stages.fuse import FUSE
from omicsfuse.pipeline.stages.heterogeneity import HETEROGENEITY
from omicsfuse.pipeline.stages.immune import IMMUNE
from omicsfuse.pipeline.stages.interpret import INTERPRET
from omicsfuse.pipeline.stages.map import MAP
from omicsfuse.pipeline.stages.markers import MARKERS
from omicsfuse.pipeline.stages.pathways import PATHWAYS
from omicsfuse.pipeline.stages.preprocess import PREPROCESS
from omicsfuse.pipeline.stages.radiogenomics import RADIOGENOMICS
from omicsfuse.pipeline.stages.read import READ
from omicsfuse.pipeline.stages.signature import SIGNATURE
from omicsfuse.pipeline.stages.survival import SURVIVAL
from omicsfuse.pipeline.stages.verify import VERIFY

#: A run is these, in this order. Each sees the results of those before it.
STAGES: tuple[Stage[Any, Any], ...] = (
    READ,
    PREPROCESS,
    FUSE,
    CLUSTER,
    ASSESS,
    MAP,
    SURVIVAL,
    CLINICAL,
    IMMUNE,
    MARKERS,
    PATHWAYS,
    RADIOGENOMICS,
    HETEROGENEITY,
    INTERPRET,
    SIGNATURE,
    ASSIGN,
    VERIFY,
)
