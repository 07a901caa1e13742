"""Reading and writing: one module for each format."""

from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.gene_names import read_gene_table
from omicsfuse.io.gmt import read_gmt
from omicsfuse.io.maf import read_maf
from omicsfuse.io.mudata import read_mudata, to_mudata
from omicsfuse.io.radiomics import read_radiomics
from omicsfuse.io.tables import read_table

__all__ = [
    "read_cohort",
    "read_gene_table",
    "read_gmt",
    "read_maf",
    "read_mudata",
    "read_radiomics",
    "read_table",
    "to_mudata",
]
