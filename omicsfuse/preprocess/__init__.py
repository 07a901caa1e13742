"""Layers made ready for distances: one scikit-learn transformer for each kind."""

from omicsfuse.preprocess._base import LayerPreprocessor, PreprocessError
from omicsfuse.preprocess.continuous import ContinuousPreprocessor
from omicsfuse.preprocess.copy_number import CopyNumberPreprocessor
from omicsfuse.preprocess.expression import ExpressionPreprocessor, MirnaPreprocessor
from omicsfuse.preprocess.methylation import MethylationPreprocessor
from omicsfuse.preprocess.mutation import MutationPreprocessor
from omicsfuse.preprocess.prepare import (
    AUTOMATIC_N_FEATURES,
    DEFAULTS,
    PREPROCESSORS,
    make_preprocessor,
    preprocess,
)
from omicsfuse.preprocess.radiomics import RadiomicsPreprocessor

__all__ = [
    "AUTOMATIC_N_FEATURES",
    "ContinuousPreprocessor",
    "CopyNumberPreprocessor",
    "DEFAULTS",
    "ExpressionPreprocessor",
    "LayerPreprocessor",
    "MethylationPreprocessor",
    "MirnaPreprocessor",
    "MutationPreprocessor",
    "PREPROCESSORS",
    "PreprocessError",
    "RadiomicsPreprocessor",
    "make_preprocessor",
    "preprocess",
]
