"""DNA methylation."""

import warnings
from typing import ClassVar, Literal

import numpy as np

from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.preprocessing._pipeline import ContinuousPipeline


class MethylationPreprocessor(ContinuousPipeline):
    """Preprocess DNA methylation, as M-values.

    To the analysis scale: ``"beta"`` values b become M = log2((b + e) / (1 - b + e)) with the
    ``offset`` e, by default 0.001, which bounds M at about plus or minus 10; ``"m_value"`` is
    taken as it is. The spread of M-values depends far less on their level than that of beta
    values does (Du et al. 2010, BMC Bioinformatics 11:587). The other steps are those of
    :class:`ContinuousPreprocessor`; the most variable features are those of the largest variance
    of M-values after winsorising.

    Parameters
    ----------
    scale : {"beta", "m_value"}
        Scale of the input. Beta values outside 0 to 1 (from some batch corrections) are set to the
        nearer bound, with a warning.
    n_features : int, None or "auto"
        How many features to keep, by variance; None keeps all, ``"auto"`` 2000.
    offset : float
        The offset e of the M-value; default 0.001.
    max_missing, max_identical, n_neighbors, limit
        As for :class:`ContinuousPreprocessor`; defaults 0.5, 0.95, 10 and 5.

    Attributes
    ----------
    usable_, kept_, dropped_, n_imputed_, n_limited_
        As for :class:`ContinuousPreprocessor`, like all the rest of the fitted state.

    Examples
    --------
    >>> import numpy as np
    >>> from omicsfuse.preprocessing import MethylationPreprocessor
    >>> beta = np.random.default_rng(0).beta(2, 3, size=(20, 6))
    >>> transformer = MethylationPreprocessor().fit(beta)
    >>> transformer.analysis_values([[0.0, 0.2, 0.5, 0.8, 1.0, np.nan]]).round(3).tolist()
    [[-9.967, -1.995, 0.0, 1.995, 9.967, nan]]
    """

    _automatic: ClassVar[dict[str, int]] = {"m_value": 2000}

    def __init__(
        self,
        scale: str = "beta",
        n_features: int | Literal["auto"] | None = "auto",
        offset: float = 0.001,
        max_missing: float = 0.5,
        max_identical: float = 0.95,
        n_neighbors: int = 10,
        limit: float = 5.0,
    ) -> None:
        super().__init__(max_missing, max_identical, n_neighbors, limit)
        self.scale = scale
        self.n_features = n_features
        self.offset = offset

    @property
    def analysis_scale(self) -> str:
        """Name of the scale that ``analysis_values`` returns: ``"m_value"``."""
        return "m_value"

    def _check_parameters(self) -> None:
        super()._check_parameters()
        self._check_choice("scale", ("beta", "m_value"))
        self._check_range("offset", 1e-9, 1)

    def _to_analysis_scale(self, X: np.ndarray) -> np.ndarray:
        if self.scale == "m_value":
            return X
        outside = int(np.sum((X < 0) | (X > 1)))
        if outside:
            warnings.warn(
                f"MethylationPreprocessor: {outside} of {X.size} beta values lie outside 0 to "
                f"1 ({np.nanmin(X):g} to {np.nanmax(X):g}) and were set to the nearest bound; "
                "for M-values declare scale 'm_value'.",
                OmicsfuseWarning,
                stacklevel=2,
            )
        beta = np.clip(X, 0.0, 1.0)
        return np.log2((beta + self.offset) / (1 - beta + self.offset))
