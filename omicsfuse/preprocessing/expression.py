"""Expression of genes and of microRNAs."""

from typing import Any, ClassVar, Literal

import numpy as np

from omicsfuse.core.kinds import ZSCORE_LIMIT
from omicsfuse.preprocessing._base import PreprocessError
from omicsfuse.preprocessing.continuous import ContinuousPreprocessor

_LINEAR = ("counts", "normalised_counts", "tpm", "fpkm")


class ExpressionPreprocessor(ContinuousPreprocessor):
    """Preprocess gene expression, on a log2 scale or as z-scores.

    To the analysis scale: ``"counts"`` are divided by the patient's library size (the sum of the
    layer's counts) to counts per million, then log2(x + 1); ``"normalised_counts"``, which are
    comparable between patients as they are (RSEM upper quartile, DESeq2 size factors), ``"tpm"``
    and ``"fpkm"`` become log2(x + 1); ``"log2"`` is taken as it is; ``"zscore"`` is limited to
    plus or minus ``zscore_limit``. A patient without a single count has no values. The other steps
    are those of :class:`ContinuousPreprocessor`; the most variable genes are those of the largest
    variance of log2 values after winsorising.

    Counts per million are shares of a library. In a table of all genes they hardly depend on other
    genes; in a panel of a few hundred genes, an increase of one gene decreases all others. Give
    such panels as ``"normalised_counts"``, ``"tpm"`` or ``"log2"`` values normalised on the whole
    transcriptome, if available.

    Parameters
    ----------
    scale : {"log2", "counts", "normalised_counts", "tpm", "fpkm", "zscore"}
        Scale of the input.
    n_features : int, None or "auto"
        How many genes to keep, by variance (median absolute deviation for z-scores); None keeps
        all. ``"auto"``: 2000 on the log2 scale, all for z-scores, whose variances say nothing.
    max_missing, max_identical, n_neighbors, limit, zscore_limit
        As for :class:`ContinuousPreprocessor`; defaults 0.5, 0.95, 10, 5 and 10.

    Attributes
    ----------
    usable_, kept_, dropped_, n_imputed_, n_limited_
        As for :class:`ContinuousPreprocessor`, like all the rest of the fitted state.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.preprocessing import ExpressionPreprocessor
    >>> counts = np.random.default_rng(0).poisson(50, size=(20, 6))
    >>> transformer = ExpressionPreprocessor("counts", n_features=4).fit(counts)
    >>> transformer.transform(counts).shape
    (20, 4)
    >>> transformer.analysis_values([[10, 0, 0, 0, 0, 30]]).round(3).tolist()
    [[17.932, 0.0, 0.0, 0.0, 0.0, 19.517]]
    """

    _scales: ClassVar[tuple[str, ...]] = (
        "log2",
        "counts",
        "normalised_counts",
        "tpm",
        "fpkm",
        "zscore",
    )
    _automatic: ClassVar[dict[str, int]] = {"log2": 2000}

    def __init__(
        self,
        scale: str = "log2",
        n_features: int | Literal["auto"] | None = "auto",
        max_missing: float = 0.5,
        max_identical: float = 0.95,
        n_neighbors: int = 10,
        limit: float = 5.0,
        zscore_limit: float = ZSCORE_LIMIT,
    ) -> None:
        super().__init__(
            scale, n_features, max_missing, max_identical, n_neighbors, limit, zscore_limit
        )

    @property
    def analysis_scale(self) -> str:
        """Name of the scale that ``analysis_values`` returns: ``"log2"`` or ``"zscore"``."""
        return "zscore" if self.scale == "zscore" else "log2"

    def without_data(self, X: np.ndarray) -> np.ndarray:
        """Which patients have nothing to go on: no value, or no count at all."""
        empty = super().without_data(X)
        return empty | (np.nansum(X, axis=1) == 0) if self.scale == "counts" else empty

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.scale in _LINEAR
        return tags

    def _to_analysis_scale(self, X: np.ndarray) -> np.ndarray:
        if self.scale not in _LINEAR:
            return super()._to_analysis_scale(X)
        if (X < 0).any():
            raise PreprocessError(
                f"Negative values in data passed to {type(self).__name__}: the smallest is "
                f"{np.nanmin(X):g}, but scale {self.scale!r} has no negative values. Declare "
                "the scale of the values, for example 'log2' or 'zscore'."
            )
        if self.scale == "counts":
            library = np.nansum(X, axis=1, keepdims=True)
            X = X * (1e6 / np.where(library > 0, library, np.nan))
        return np.log2(X + 1)


class MirnaPreprocessor(ExpressionPreprocessor):
    """Preprocess microRNA expression by the rules of :class:`ExpressionPreprocessor`.

    Counts of microRNAs are compositional like those of a small gene panel: a few abundant microRNAs
    make up most of a library. FPKM is not a scale of microRNAs.

    Parameters
    ----------
    scale : {"log2", "counts", "normalised_counts", "tpm", "zscore"}
        Scale of the input; ``"tpm"`` includes reads per million.
    n_features, max_missing, max_identical, n_neighbors, limit, zscore_limit
        As for :class:`ExpressionPreprocessor`.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.preprocessing import MirnaPreprocessor
    >>> reads = np.random.default_rng(0).poisson(50, size=(20, 6))
    >>> MirnaPreprocessor("counts").fit_transform(reads).shape
    (20, 6)
    """

    _scales: ClassVar[tuple[str, ...]] = ("log2", "counts", "normalised_counts", "tpm", "zscore")
