"""Enrichment scores of random gene sets: what the scores of real ones are held against."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.running_sum import enrichment_scores

# Cells held at once: bounds memory (about 100 MB), not the distribution of the result.
_BATCH_CELLS = 4_000_000


def random_scores(
    rankings: Mapping[str, Array],
    sizes: Mapping[str, set[int]],
    n_draws: int,
    random_state: int,
) -> dict[tuple[str, int], Array]:
    """Score random sets of each size in each ranking: (n_draws,) by ranking and size."""
    scores = {(s, size): np.empty(n_draws) for s, set_sizes in sizes.items() for size in set_sizes}
    for n_genes, size in sorted({(len(rankings[s]), size) for s, size in scores}):
        concerned = [s for s in rankings if len(rankings[s]) == n_genes and size in sizes[s]]
        rng = np.random.default_rng([random_state, size])
        batch = max(1, _BATCH_CELLS // (n_genes if n_genes <= 4 * size else size))
        for start in range(0, n_draws, batch):
            rows = slice(start, min(start + batch, n_draws))
            places = random_places(rng, rows.stop - rows.start, n_genes, size)
            for s in concerned:
                first = np.arange(0, places.size, size)
                scores[s, size][rows] = enrichment_scores(rankings[s], places.ravel(), first)
    return scores


def random_places(
    rng: np.random.Generator, n_draws: int, n_genes: int, size: int
) -> npt.NDArray[np.int32]:
    """Draw sets of different places (n_draws, size), ascending; every set is as probable."""
    if n_genes <= 4 * size:
        every = np.tile(np.arange(n_genes, dtype=np.int32), (n_draws, 1))
        return np.sort(rng.permuted(every, axis=1)[:, :size], axis=1)
    # Places drawn twice are drawn again. No place is treated otherwise than any other, so that no
    # set is more probable than another.
    places = np.sort(rng.integers(n_genes, size=(n_draws, size), dtype=np.int32), axis=1)
    unsettled = np.arange(n_draws)
    while len(unsettled):
        rows = places[unsettled]
        twice = np.zeros(rows.shape, dtype=bool)
        twice[:, 1:] = rows[:, 1:] == rows[:, :-1]
        rows[twice] = rng.integers(n_genes, size=int(twice.sum()), dtype=np.int32)
        places[unsettled] = np.sort(rows, axis=1)
        unsettled = unsettled[twice.any(axis=1)]
    return places
