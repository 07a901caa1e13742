"""Concordance: how often who of two patients had the event first has the larger score.

A pair is comparable where one had the event and the other was observed longer, or as long without
it; two events at one time are not comparable. Equal scores count half. Harrell's and Uno's index
and the area under a curve are shares of such pairs, with other weights.
"""

import numpy as np

from omicsfuse.stats.arrays import Array, Mask


def concordance(
    scores: Array,
    time: Array,
    event: Array | Mask,
    first: Array | None = None,
    second: Array | None = None,
) -> Array:
    """Weighted share of comparable pairs in which who had the event first has the larger score.

    ``scores`` (n,) or (r, n), averaged; weights (n,) or (k, n) as first and as second. Gives (k,),
    NaN without a comparable pair (Harrell et al. 1982, JAMA 247:2543-2546).
    """
    had: Mask = np.asarray(event, dtype=bool)
    won, total = _sums(scores, _keys(time, had), had, second)
    if first is not None:
        weight = np.atleast_2d(first).T
        won, total = won * weight, total * weight
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Array = won.sum(axis=0) / total.sum(axis=0)
    return share


def pairs_of_each(scores: Array, time: Array, event: Mask) -> tuple[Array, Array]:
    """Count the comparable pairs that each patient is part of, (n,): those in order, and all."""
    keys = _keys(time, event)
    everybody = np.ones(len(keys), dtype=bool)
    # As the one with the event first, and as the other: the same with all orders turned round.
    as_first = _sums(scores, keys, event, None)
    as_other = _sums(-scores, -keys, everybody, event.astype(float))
    return as_first[0][:, 0] + as_other[0][:, 0], as_first[1][:, 0] + as_other[1][:, 0]


def area_under_curve(
    scores: Array, inside: Mask, first: Array | None = None, second: Array | None = None
) -> Array:
    """How often a patient inside has a larger score than one outside, (k,); as `concordance`."""
    return concordance(scores, np.where(inside, 0.0, 1.0), inside, first, second)


def _keys(time: Array, event: Mask) -> Array:
    """Whole numbers (n,): larger for a patient whom one who had the event is comparable with."""
    order = np.lexsort((~event, time))
    keys = np.zeros(len(order))
    time, event = time[order], event[order]
    later = (time[1:] != time[:-1]) | (event[1:] != event[:-1])
    keys[order[1:]] = np.cumsum(later)
    return keys


def _dense_ranks(table: Array) -> np.ndarray:
    """Ranks (r, n) in each row, from 1; equal ones share a rank, and none is left out."""
    order = np.argsort(table, axis=1)
    ordered = np.take_along_axis(table, order, axis=1)
    steps = np.ones(table.shape, np.int64)
    steps[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    ranks = np.empty(table.shape, np.int64)
    np.put_along_axis(ranks, order, np.cumsum(steps, axis=1), axis=1)
    return ranks


def _sums(scores: Array, keys: Array, counts: Mask, weight: Array | None) -> tuple[Array, Array]:
    """Of each patient that counts: weights of those with a larger key and lower score, and all."""
    from omicsfuse.stats.concordance_kernel import add_pairs

    table = np.ascontiguousarray(np.atleast_2d(scores), dtype=float)
    columns = np.ones((len(keys), 1)) if weight is None else np.atleast_2d(weight).T
    columns = np.ascontiguousarray(columns, dtype=float)
    won, total = np.zeros(columns.shape), np.zeros(columns.shape)
    order = np.argsort(-keys, kind="stable")
    add_pairs(_dense_ranks(table), order, keys, counts, columns, won, total)
    return won, total
