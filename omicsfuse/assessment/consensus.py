"""Fuse and cut resamples of the patients again, and see what stays together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.assessment.refit import MOST_REFITTED, NO_GROUP, Refit
from omicsfuse.clustering import laplacian_spectrum, spectral_labels
from omicsfuse.clustering.consensus import (
    CONSENSUS_GRID,
    area_under_cdf,
    consensus_cdf,
    consensus_matrix,
    proportion_ambiguous,
)
from omicsfuse.core.checks.arguments import seed, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.stats.tasks import Runner

#: Share of the patients in each resample.
RESAMPLED_SHARE = 0.8

#: Of cohorts too large for a matrix of all pairs, the patients among whom consensus is counted.
CONSENSUS_PANEL = 1000

#: Starts of k-means in a resample.
_STARTS = 3


@dataclass(frozen=True, eq=False)
class Resamples:
    """Resamples of the patients: ``rows`` (m_r,) rising, ``labels`` (m_r,) by k, or ``NO_GROUP``.

    ``panel``: patients between whom consensus is counted: of more than 2,000, a thousand drawn
    once.
    """

    rows: tuple[np.ndarray, ...]
    labels: Mapping[int, tuple[np.ndarray, ...]]
    n: int
    panel: np.ndarray

    def cut_at(self, k: int) -> tuple[np.ndarray, ...]:
        """Groups of each resample at k."""
        if k not in self.labels:
            raise StudyError(
                f"the resamples were clustered at k = {', '.join(map(str, self.labels))}, not "
                f"at {k}; include this k in ks."
            )
        return self.labels[k]

    def consensus(self, k: int) -> np.ndarray:
        """Consensus matrix at k of the patients in ``panel``, in their order.

        Gives (p, p): see ``consensus_matrix``.
        """
        place = np.full(self.n, -1)
        place[self.panel] = np.arange(len(self.panel))
        rows, labels = [], []
        for drawn, groups in zip(self.rows, self.cut_at(k), strict=True):
            counted = (place[drawn] >= 0) & (groups != NO_GROUP)
            rows.append(place[drawn[counted]])
            labels.append(groups[counted])
        return consensus_matrix(labels, rows, len(self.panel))


def resample_clusters(
    repeat: Refit,
    ks: Sequence[int],
    *,
    n_resamples: int = 50,
    random_state: int = 0,
    runner: Runner | None = None,
    share: float = RESAMPLED_SHARE,
) -> Resamples:
    """Draw patients without replacement, fuse those drawn, and cut the network at every k.

    At most 2,000 patients are drawn, of larger cohorts from one panel of 1,000, so that there are
    pairs to count (Monti et al. 2003, Mach Learn 52:91-118). Preprocessing is not repeated.
    """
    n = len(repeat.patients)
    wanted = sorted({whole_number(k, "a member of ks", 1, max(n // 2, 1)) for k in ks})
    if not wanted:
        raise StudyError("ks is empty; give numbers of groups, such as [2, 3, 4].")
    n_resamples = whole_number(n_resamples, "n_resamples")
    if not 0 < share <= 1:
        raise StudyError(f"share is {share!r}; it must be above 0 and at most 1.")
    first, *seeds = np.random.SeedSequence(seed(random_state)).spawn(n_resamples + 1)
    panel = np.arange(n)
    if n > MOST_REFITTED:
        panel = np.random.default_rng(first).choice(n, min(CONSENSUS_PANEL, n), replace=False)
        panel.sort()
    drawn = (runner or Runner()).map(
        _one_resample,
        seeds,
        repeat,
        tuple(wanted),
        panel,
        share,
        label="resamples of the patients",
    )
    return Resamples(
        tuple(rows for rows, _ in drawn),
        {k: tuple(labels[k] for _, labels in drawn) for k in wanted},
        n,
        panel,
    )


def consensus_table(resamples: Resamples, ks: Sequence[int] | None = None) -> pd.DataFrame:
    """How clearly pairs are together or apart at each k: ``pac``, ``cdf_area`` and its growth."""
    rows = []
    for k in sorted(resamples.labels if ks is None else ks):
        consensus = resamples.consensus(k)
        area = area_under_cdf(consensus_cdf(consensus)) if k > 1 else np.nan
        pac = proportion_ambiguous(consensus) if k > 1 else np.nan
        rows.append({"k": k, "pac": pac, "cdf_area": area})
    table = pd.DataFrame(rows).set_index("k")
    areas = table["cdf_area"]
    before = areas.reindex(table.index - 1).to_numpy()
    gain = (areas - before) / before
    table["cdf_area_gain"] = gain.where(table.index != 2, areas)
    return table


def consensus_network(repeat: Refit, resamples: Resamples, k: int) -> pd.DataFrame:
    """Share of resamples with both in which two patients of the panel were in one group; or NaN."""
    names = repeat.patients[resamples.panel]
    return pd.DataFrame(resamples.consensus(k), names, names.rename(None))


def consensus_distribution(resamples: Resamples, ks: Sequence[int] | None = None) -> pd.DataFrame:
    """Distribution of consensus values: ``k``, ``consensus`` (0 to 1), ``cdf`` (share of pairs)."""
    tables = [
        pd.DataFrame(
            {
                "k": k,
                "consensus": CONSENSUS_GRID,
                "cdf": consensus_cdf(resamples.consensus(k)),
            }
        )
        for k in sorted(resamples.labels if ks is None else ks)
    ]
    return pd.concat(tables, ignore_index=True)


def _one_resample(
    repeat: Refit,
    ks: tuple[int, ...],
    panel: np.ndarray,
    share: float,
    task: np.random.SeedSequence,
) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Rows, and labels by k, of one resample."""
    rng = np.random.default_rng(task)
    n = len(repeat.patients)
    size = max(min(round(share * n), MOST_REFITTED), min(n, 2 * max(ks)))
    if len(panel) == n:
        rows = rng.choice(n, size, replace=False)
    else:
        size_in_panel = round(share * len(panel))
        inside = rng.choice(panel, size_in_panel, replace=False)
        others = np.setdiff1d(np.arange(n), panel, assume_unique=True)
        outside = rng.choice(others, max(size - size_in_panel, 0), replace=False)
        rows = np.concatenate([inside, outside])
    rows = np.sort(rows)
    start = int(rng.integers(2**31))
    return rows, cut_network(*repeat.network(rows), ks, start)


def cut_network(
    network: np.ndarray, there: np.ndarray, ks: Sequence[int], random_state: int
) -> dict[int, np.ndarray]:
    """Cut a network at several k: groups (n,) by k; ``NO_GROUP`` for patients it does not hold."""
    labels = {k: np.full(len(there), NO_GROUP) for k in ks}
    possible = [k for k in ks if k < len(network)]
    if possible:
        vectors = laplacian_spectrum(network, max(possible))[1]
        for k in possible:
            labels[k][there] = spectral_labels(vectors, k, random_state, n_starts=_STARTS)
    return labels
