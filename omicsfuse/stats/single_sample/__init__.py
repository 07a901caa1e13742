"""Gene sets scored one patient at a time, by ranks of genes within the patient."""

from omicsfuse.stats.single_sample.ssgsea import SingleSampleEnrichment

__all__ = ["SingleSampleEnrichment"]
