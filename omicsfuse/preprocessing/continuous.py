"""Continuous measurements without a kind of their own, and protein abundance."""

from typing import ClassVar, Literal

import numpy as np

from omicsfuse.core.kinds import ZSCORE_LIMIT
from omicsfuse.preprocessing._pipeline import ContinuousPipeline


class ContinuousPreprocessor(ContinuousPipeline):
    """Preprocess protein abundance and other continuous measurements.

    Steps (all other continuous layers share steps 2 to 6):

    1. To the analysis scale: ``"raw"`` and ``"log2"`` as they are; ``"zscore"`` limited to
       plus or minus ``zscore_limit``.
    2. Features missing in more than ``max_missing`` of the patients are dropped, and so are
       features with the same value in every patient (a range below 1e-10 of the largest value)
       or in more than ``max_identical`` of them.
    3. Missing values become the mean of the ``n_neighbors`` nearest patients, by distances over
       all features left, in robust standard deviations, each limited as in step 4. A patient
       without any value gets every feature's median.
    4. Winsorised: each feature is limited to its median plus or minus ``limit`` robust standard
       deviations (IQR / 1.349). Where the IQR is 0, step 6 alone limits it.
    5. The ``n_features`` most variable features are kept: by variance on a log scale, by median
       absolute deviation on others, where units must be comparable for this to make sense.
    6. Standardised to mean 0 and standard deviation 1 (n - 1) and limited to plus or minus
       ``limit``. No value, however extreme, can therefore move a feature's part of a distance by
       more than twice ``limit``.

    Parameters
    ----------
    scale : {"raw", "log2", "zscore"}
        Scale of the input.
    n_features : int, None or "auto"
        How many features to keep; None and ``"auto"`` keep all.
    max_missing : float
        Largest share of patients that may lack a feature; default 0.5.
    max_identical : float
        Largest share of patients that may have the same value; default 0.95.
    n_neighbors : int
        Patients that a missing value is learned from; default 10.
    limit : float
        Winsorising limit in robust standard deviations, and limit of the output; default 5.
    zscore_limit : float
        Limit of z-scores on the analysis scale; default 10.

    Attributes
    ----------
    usable_, candidates_, kept_ : ndarray of int
        Columns after step 2, entering step 3, and in the output.
    centre_, spread_, limits_ : ndarray
        Median, robust standard deviation and limit of each candidate column.
    reference_ : ndarray
        Fitted patients in robust standard deviations, that missing values are learned from.
    mean_, sd_ : ndarray
        Mean and standard deviation of each kept column, in robust standard deviations.
    dropped_, n_imputed_, n_limited_
        Columns excluded, and values imputed and limited, in fitting.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.preprocessing import ContinuousPreprocessor
    >>> x = np.random.default_rng(0).normal(size=(30, 4))
    >>> x[3, 1], x[5, 2], x[:, 3] = 1e14, np.nan, 7.0
    >>> transformer = ContinuousPreprocessor().fit(x)
    >>> ready = transformer.transform(x)
    >>> ready.shape, bool(np.abs(ready).max() <= 5), transformer.n_imputed_.tolist()
    ((30, 3), True, [0, 0, 1])
    >>> {reason: columns.tolist() for reason, columns in transformer.dropped_.items()}
    {'the same value in every patient': [3]}
    """

    _scales: ClassVar[tuple[str, ...]] = ("raw", "log2", "zscore")

    def __init__(
        self,
        scale: str = "raw",
        n_features: int | Literal["auto"] | None = "auto",
        max_missing: float = 0.5,
        max_identical: float = 0.95,
        n_neighbors: int = 10,
        limit: float = 5.0,
        zscore_limit: float = ZSCORE_LIMIT,
    ) -> None:
        super().__init__(max_missing, max_identical, n_neighbors, limit)
        self.scale = scale
        self.n_features = n_features
        self.zscore_limit = zscore_limit

    @property
    def analysis_scale(self) -> str:
        """Name of the scale that ``analysis_values`` returns: the input's own."""
        return self.scale

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._check_choice("scale", self._scales)
        self._check_range("zscore_limit", 0.1, np.inf)

    def _to_analysis_scale(self, X: np.ndarray) -> np.ndarray:
        if self.scale == "zscore":
            return np.clip(X, -self.zscore_limit, self.zscore_limit)
        return X
