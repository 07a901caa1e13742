"""Preprocessing of layers: one scikit-learn transformer for each kind."""

from omicsfuse.preprocessing._base import LayerPreprocessor, PreprocessError
from omicsfuse.preprocessing.continuous import ContinuousPreprocessor
from omicsfuse.preprocessing.copy_number import CopyNumberPreprocessor
from omicsfuse.preprocessing.expression import ExpressionPreprocessor, MirnaPreprocessor
from omicsfuse.preprocessing.methylation import MethylationPreprocessor
from omicsfuse.preprocessing.mutation import MutationPreprocessor
from omicsfuse.preprocessing.prepare import preprocess
from omicsfuse.preprocessing.radiomics import RadiomicsPreprocessor

__all__ = [
    "ContinuousPreprocessor",
    "CopyNumberPreprocessor",
    "ExpressionPreprocessor",
    "LayerPreprocessor",
    "MethylationPreprocessor",
    "MirnaPreprocessor",
    "MutationPreprocessor",
    "PreprocessError",
    "RadiomicsPreprocessor",
    "preprocess",
]
