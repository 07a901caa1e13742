"""omicsfuse: integrated cancer subtypes from radiomics and other omics layers.

Public names load when they are first used, so that importing the package takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omicsfuse.assessment import assess as assess
    from omicsfuse.assessment import cluster as cluster
    from omicsfuse.assignment import assign as assign
    from omicsfuse.assignment import assign_patients as assign_patients
    from omicsfuse.assignment import cross_validate_assignment as cross_validate_assignment
    from omicsfuse.assignment import load_classifier as load_classifier
    from omicsfuse.assignment import save_classifier as save_classifier
    from omicsfuse.biology import alterations as alterations
    from omicsfuse.biology import associate as associate
    from omicsfuse.biology import burden as burden
    from omicsfuse.biology import compare_scores as compare_scores
    from omicsfuse.biology import covariate_table as covariate_table
    from omicsfuse.biology import deconvolve as deconvolve
    from omicsfuse.biology import differential_features as differential_features
    from omicsfuse.biology import driver_features as driver_features
    from omicsfuse.biology import enrich as enrich
    from omicsfuse.biology import enrich_ranking as enrich_ranking
    from omicsfuse.biology import expression_methylation_pairs as expression_methylation_pairs
    from omicsfuse.biology import gene_set_scores as gene_set_scores
    from omicsfuse.biology import immune_scores as immune_scores
    from omicsfuse.biology import label_markers as label_markers
    from omicsfuse.biology import over_representation as over_representation
    from omicsfuse.biology import pairwise_features as pairwise_features
    from omicsfuse.biology import table_one as table_one
    from omicsfuse.clustering import embed as embed
    from omicsfuse.cohort import Cohort as Cohort
    from omicsfuse.cohort import Endpoint as Endpoint
    from omicsfuse.cohort import Layer as Layer
    from omicsfuse.cohort import Loss as Loss
    from omicsfuse.datasets import simulate_cohort as simulate_cohort
    from omicsfuse.errors import ClassifierError as ClassifierError
    from omicsfuse.errors import CohortError as CohortError
    from omicsfuse.errors import DatasetError as DatasetError
    from omicsfuse.errors import OmicsfuseError as OmicsfuseError
    from omicsfuse.errors import OmicsfuseWarning as OmicsfuseWarning
    from omicsfuse.errors import SignatureError as SignatureError
    from omicsfuse.errors import StudyError as StudyError
    from omicsfuse.fusion import affinity_matrix as affinity_matrix
    from omicsfuse.fusion import fuse as fuse
    from omicsfuse.fusion import fuse_affinities as fuse_affinities
    from omicsfuse.interpretation import interpret as interpret
    from omicsfuse.interpreting import interpret_scores as interpret_scores
    from omicsfuse.io import read_cohort as read_cohort
    from omicsfuse.io import read_gene_table as read_gene_table
    from omicsfuse.io import read_gmt as read_gmt
    from omicsfuse.io import read_maf as read_maf
    from omicsfuse.io import read_radiomics as read_radiomics
    from omicsfuse.io import read_table as read_table
    from omicsfuse.pipeline import run as run
    from omicsfuse.preprocessing import preprocess as preprocess
    from omicsfuse.radiogenomics import cluster_radiomic_features as cluster_radiomic_features
    from omicsfuse.radiogenomics import heterogeneity_index as heterogeneity_index
    from omicsfuse.radiogenomics import index_tests as index_tests
    from omicsfuse.radiogenomics import map_modules as map_modules
    from omicsfuse.radiogenomics import math_score as math_score
    from omicsfuse.radiogenomics import radiogenomic_map as radiogenomic_map
    from omicsfuse.report import write_report as write_report
    from omicsfuse.signatures import coexpression_modules as coexpression_modules
    from omicsfuse.signatures import derive as derive
    from omicsfuse.signatures import derive_signature as derive_signature
    from omicsfuse.signatures import feature_target as feature_target
    from omicsfuse.signatures import load_signature as load_signature
    from omicsfuse.signatures import save_signature as save_signature
    from omicsfuse.signatures import score_signature as score_signature
    from omicsfuse.signatures import score_target as score_target
    from omicsfuse.signatures import survival_target as survival_target
    from omicsfuse.study import read_study as read_study
    from omicsfuse.survival import compare_survival as compare_survival
    from omicsfuse.verification import meta_analysis as meta_analysis
    from omicsfuse.verification import record_discovery as record_discovery
    from omicsfuse.verification import replication as replication
    from omicsfuse.verification import verify as verify

_HOMES = {
    "omicsfuse.assessment": ["assess", "cluster"],
    "omicsfuse.assignment": [
        "assign",
        "assign_patients",
        "cross_validate_assignment",
        "load_classifier",
        "save_classifier",
    ],
    "omicsfuse.biology": [
        "alterations",
        "associate",
        "burden",
        "compare_scores",
        "covariate_table",
        "deconvolve",
        "differential_features",
        "driver_features",
        "enrich",
        "enrich_ranking",
        "expression_methylation_pairs",
        "gene_set_scores",
        "immune_scores",
        "label_markers",
        "over_representation",
        "pairwise_features",
        "table_one",
    ],
    "omicsfuse.clustering": ["embed"],
    "omicsfuse.cohort": ["Cohort", "Endpoint", "Layer", "Loss"],
    "omicsfuse.datasets": ["simulate_cohort"],
    "omicsfuse.errors": [
        "ClassifierError",
        "CohortError",
        "DatasetError",
        "OmicsfuseError",
        "OmicsfuseWarning",
        "SignatureError",
        "StudyError",
    ],
    "omicsfuse.fusion": ["affinity_matrix", "fuse", "fuse_affinities"],
    "omicsfuse.interpretation": ["interpret"],
    "omicsfuse.interpreting": ["interpret_scores"],
    "omicsfuse.io": [
        "read_cohort",
        "read_gene_table",
        "read_gmt",
        "read_maf",
        "read_radiomics",
        "read_table",
    ],
    "omicsfuse.pipeline": ["run"],
    "omicsfuse.preprocessing": ["preprocess"],
    "omicsfuse.radiogenomics": [
        "cluster_radiomic_features",
        "heterogeneity_index",
        "index_tests",
        "map_modules",
        "math_score",
        "radiogenomic_map",
    ],
    "omicsfuse.report": ["write_report"],
    "omicsfuse.signatures": [
        "coexpression_modules",
        "derive",
        "derive_signature",
        "feature_target",
        "load_signature",
        "save_signature",
        "score_signature",
        "score_target",
        "survival_target",
    ],
    "omicsfuse.study": ["read_study"],
    "omicsfuse.survival": ["compare_survival"],
    "omicsfuse.verification": ["meta_analysis", "record_discovery", "replication", "verify"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__version__ = "0.1.0"
__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    """Load a public name from the module it lives in."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'omicsfuse' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
