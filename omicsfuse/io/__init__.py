"""Reading and writing: one module a format."""

from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.gene_names import read_gene_table
from omicsfuse.io.gmt import read_gmt
from omicsfuse.io.identifiers import Resolved, is_barcode, patient_of, resolve_identifiers
from omicsfuse.io.maf import read_maf
from omicsfuse.io.manifest import Manifest, read_manifest
from omicsfuse.io.paths import resolve_path, sha256_of
from omicsfuse.io.radiomics import radiomics_features, read_radiomics
from omicsfuse.io.tables import read_table
from omicsfuse.io.toml import parse_toml_model

__all__ = [
    "Manifest",
    "Resolved",
    "is_barcode",
    "parse_toml_model",
    "patient_of",
    "radiomics_features",
    "read_cohort",
    "read_gene_table",
    "read_gmt",
    "read_maf",
    "read_manifest",
    "read_radiomics",
    "read_table",
    "resolve_identifiers",
    "resolve_path",
    "sha256_of",
]
