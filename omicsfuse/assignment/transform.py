"""A layer's preprocessing in fixed numbers, applied to one patient at a time."""

import warnings
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.assignment.discriminant import Array, by_row
from omicsfuse.core.kinds import KINDS
from omicsfuse.preprocessing import LayerPreprocessor

#: Scales that come out on the same scale of analysis: expression with a logarithm taken.
LINEAR = ("counts", "normalised_counts", "tpm", "fpkm")
#: Most points that the normal score of a radiomic feature is interpolated between.
MOST_KNOTS = 33


#: Arrays of a transform with one number a feature.
PER_FEATURE = ("fill", "centre", "spread", "limits", "mean", "sd", "low", "high")


class Transformed(NamedTuple):
    """What a transform makes of new patients."""

    #: Patients x features, complete, as the classifier takes them.
    ready: Array
    #: Share of the features with a value outside the training range, of those with a value.
    outside: Array
    #: Share of the features with a value.
    observed: Array


@dataclass(frozen=True, eq=False)
class LayerTransform:
    """What a fitted preprocessor does to its kept features, without the patients it learned from.

    Missing values become the training median (0 for mutations, the median level for copy-number
    levels) in place of the mean of the nearest training patients: that would take the training
    data themselves along. The training patients are transformed in the same way for the classifier.

    ``kind``, ``scale``: of the layer in training; ``features``: features in the order of all
    arrays; ``n_measured``: features that the training layer had before any were left out;
    ``options``: what the change of scale needs: ``zscore_limit``, ``offset``; ``fill``: value on
    the analysis scale that stands for a missing one; ``centre``, ``spread``, ``limits``: median,
    robust standard deviation, and limit in these; ``mean``, ``sd``: for standardising afterwards;
    ``limit``: limit of the standardised values; infinite where there is none; ``low``, ``high``:
    training range on the scale of analysis; of radiomics on that of the input; ``knots``,
    ``scores``: for radiomics: values of each feature and their normal scores, to interpolate
    between.
    """

    kind: str
    scale: str
    features: tuple[str, ...]
    n_measured: int
    options: dict[str, float]
    fill: Array
    centre: Array
    spread: Array
    limits: Array
    mean: Array
    sd: Array
    limit: float
    low: Array
    high: Array
    knots: tuple[Array, ...] = ()
    scores: tuple[Array, ...] = ()

    def restricted(self, columns: np.ndarray) -> "LayerTransform":
        """The same for some of the features."""
        changes: dict[str, Any] = {
            name: np.ascontiguousarray(getattr(self, name)[columns]) for name in PER_FEATURE
        }
        for name in ("knots", "scores"):
            if getattr(self, name):
                changes[name] = tuple(getattr(self, name)[j] for j in columns)
        return replace(self, features=tuple(self.features[j] for j in columns), **changes)

    def apply(self, table: pd.DataFrame, scale: str = "") -> Transformed:
        """Treat other patients as the training patients were treated, each alone.

        ``table`` (n_patients, n_columns): with any features.
        """
        measured, analysis = self._measured(table, scale or self.scale)
        present = ~np.isnan(analysis)
        with np.errstate(invalid="ignore"):
            outside = ((measured < self.low) | (measured > self.high)) & present
        n_present = present.sum(axis=1)
        filled = np.where(present, analysis, self.fill)
        scores = np.clip((filled - self.centre) / self.spread, -self.limits, self.limits)
        values = np.clip((scores - self.mean) / self.sd, -self.limit, self.limit)
        return Transformed(
            np.ascontiguousarray(values),
            outside.sum(axis=1) / np.maximum(n_present, 1),
            n_present / max(len(self.features), 1),
        )

    def _measured(self, table: pd.DataFrame, scale: str) -> tuple[Array, Array]:
        """Values that the training range is of, and values on the scale of analysis."""
        values = np.ascontiguousarray(
            table.reindex(columns=list(self.features)).to_numpy(dtype=np.float64)
        )
        totals = None
        if scale == "counts":
            # Each patient's library is all that was counted, the features used or not.
            rows = np.ascontiguousarray(table.to_numpy(dtype=np.float64))
            totals = np.array([np.nansum(row) for row in rows])
        analysis = self._to_analysis(values, scale, totals)
        # Normal scores end where the training patients do, so that they say nothing of the range.
        return (values if self.knots else analysis), analysis

    def with_range(self, table: pd.DataFrame) -> "LayerTransform":
        """The same with the range of these training patients."""
        measured, _ = self._measured(table, self.scale)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a feature that none of them has
            return replace(self, low=np.nanmin(measured, axis=0), high=np.nanmax(measured, axis=0))

    def _to_analysis(self, values: Array, scale: str, totals: Array | None) -> Array:
        """Bring values to the scale of analysis; NaN stays NaN."""
        if self.knots:
            result = np.full_like(values, np.nan)
            for j, (knots, scores) in enumerate(zip(self.knots, self.scores, strict=True)):
                there = ~np.isnan(values[:, j])
                result[there, j] = np.interp(values[there, j], knots, scores)
            return result
        if scale == "binary":
            return np.where(np.isnan(values), np.nan, (values > 0).astype(float))
        if scale == "zscore":
            bound = self.options["zscore_limit"]
            return np.clip(values, -bound, bound)
        if scale in LINEAR:
            if totals is not None:
                values = values * (1e6 / np.where(totals > 0, totals, np.nan))[:, None]
            return by_row(np.log2, np.maximum(values, 0.0) + 1)
        if scale == "beta":
            beta, e = np.clip(values, 0.0, 1.0), self.options["offset"]
            return by_row(np.log2, (beta + e) / (1 - beta + e))
        return values


def compatible(trained: str, given: str) -> bool:
    """Whether values on one scale can be brought to the analysis scale of another."""
    if trained == given:
        return True
    return any({trained, given} <= family for family in ({*LINEAR, "log2"}, {"beta", "m_value"}))


def fixed_transform(
    preprocessor: LayerPreprocessor, kind: str, scale: str, table: pd.DataFrame
) -> LayerTransform:
    """Take the numbers of the kept features out of a preprocessor fitted on a table."""
    form, kept = preprocessor.fixed_form(), preprocessor.kept_
    pairs = [thinned(*pair) for pair in zip(form.knots, form.scores, strict=True)]
    options = {
        name: float(getattr(preprocessor, name))
        for name in ("zscore_limit", "offset")
        if hasattr(preprocessor, name)
    }
    names = [str(name) for name in table.columns]
    transform = LayerTransform(
        kind=kind,
        scale=scale or KINDS[kind].scales[0],
        features=tuple(names[j] for j in kept),
        n_measured=table.shape[1],
        options=options,
        fill=np.array(form.fill, dtype=float),
        centre=np.array(form.centre, dtype=float),
        spread=np.array(form.spread, dtype=float),
        limits=np.array(form.limits, dtype=float),
        mean=np.array(form.mean, dtype=float),
        sd=np.array(form.sd, dtype=float),
        limit=form.limit,
        low=np.zeros(len(kept)),
        high=np.zeros(len(kept)),
        knots=tuple(x for x, _ in pairs),
        scores=tuple(y for _, y in pairs),
    )
    return transform.with_range(table)


def thinned(values: Array, scores: Array) -> tuple[Array, Array]:
    """Thin out the points that normal scores are interpolated between, keeping both ends.

    ``values``, ``scores`` (n,): both rising. Gives ``values, scores``: at most ``MOST_KNOTS`` of
    them, evenly spaced among the ranks.
    """
    if len(values) <= MOST_KNOTS:
        return values, scores
    places = np.round(np.linspace(0, len(values) - 1, MOST_KNOTS)).astype(int)
    return values[places], scores[places]
