"""Random gene sets that look like a signature: same size, genes of like level and spread."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.errors import StudyError
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.moments import moments
from omicsfuse.stats.single_sample.sums import Positions

#: What random genes may have in common with the gene that each of them stands for.
MATCHED = ("none", "mean_variance", "mean_variance_proliferation")

#: Genes whose expression rises with the rate of division in most tumours.
PROLIFERATION_GENES = (
    "AURKA", "AURKB", "BIRC5", "BUB1", "CCNA2", "CCNB1", "CCNB2", "CDC20", "CDK1", "CENPF",
    "KIF11", "KIF20A", "MCM2", "MKI67", "NUSAP1", "PCNA", "PLK1", "PTTG1", "RRM2", "TOP2A",
    "TPX2", "TYMS", "UBE2C",
)  # fmt: skip

#: Fewest of them that make a score.
MINIMUM_PROLIFERATION = 5

#: Nearest genes from which one is drawn: this share of all genes, within these bounds.
_SHARE, _FEWEST, _MOST = 0.05, 30, 200


def matched_sets(
    table: pd.DataFrame,
    members: Positions,
    n_sets: int,
    *,
    matched: str = "mean_variance",
    proliferation_genes: Sequence[str] | None = None,
    random_state: int = 0,
) -> tuple[Positions, str]:
    """Draw random sets (n_sets, m) of genes near to those of the signature, none twice; and a note.

    Near are the 5% (30 to 200) closest in ranks of mean, SD and, if asked, correlation with
    proliferation (mean z); the signature's own may be drawn too (Venet et al. 2011, PLoS Comput
    Biol 7:e1002240). ``table`` is sorted by name.
    """
    if matched not in MATCHED:
        raise StudyError(f"verify: matched is {matched!r}; it must be one of {', '.join(MATCHED)}.")
    rng = np.random.default_rng(random_state)
    n_genes, size = table.shape[1], len(members)
    note = ""
    if matched == "none":
        sets: Positions = np.empty((n_sets, size), dtype=np.int64)
        for i in range(n_sets):
            sets[i] = rng.choice(n_genes, size, replace=False)
    else:
        traits, note = _traits(table, matched, proliferation_genes)
        sets = _draw(traits, members, n_sets, rng)
    shared = float(np.isin(sets, members).mean()) if sets.size else 0.0
    if shared > 0.1:
        text = (
            f"random sets share on average {shared:.0%} of their genes with the signature: "
            f"{size} genes are drawn from only {n_genes:,}"
        )
        note = "; ".join(part for part in (note, text) if part)
    return sets, note


def _traits(
    table: pd.DataFrame, matched: str, proliferation_genes: Sequence[str] | None
) -> tuple[Array, str]:
    """Genes x what they are matched on, as ranks from 0 to 1, and what could not be had."""
    values = table.to_numpy(dtype=float)
    spread = moments(values)
    traits, note = [_ranks(spread.mean), _ranks(spread.sd)], ""
    if matched == "mean_variance_proliferation":
        wanted = PROLIFERATION_GENES if proliferation_genes is None else tuple(proliferation_genes)
        present = np.flatnonzero(table.columns.isin(list(wanted)))
        if len(present) < MINIMUM_PROLIFERATION:
            note = (
                f"random sets not matched on proliferation: {len(present)} of {len(wanted)} "
                f"proliferation genes found, fewer than {MINIMUM_PROLIFERATION}"
            )
        else:
            z = (values - spread.mean) / np.where(spread.sd > 0, spread.sd, 1.0)
            z = np.where(np.isnan(z), 0.0, z)
            score = z[:, present].mean(axis=1)
            score = score - score.mean()
            # Without BLAS: the same bits for any number of threads. Rounded, so that genes that
            # differ by rounding only stay in the order of their names.
            lengths = np.sqrt((z**2).sum(axis=0) * (score**2).sum())
            product = np.einsum("i,ig->g", score, z) / np.where(lengths > 0, lengths, 1.0)
            traits.append(_ranks(np.round(product, 9)))
    return np.column_stack(traits), note


def _ranks(values: Array) -> Array:
    """Ranks from 0 to 1, ties averaged."""
    from scipy.stats import rankdata

    ranks: Array = (rankdata(values) - 1) / max(1, len(values) - 1)
    return ranks


def _draw(traits: Array, members: Positions, n_sets: int, rng: np.random.Generator) -> Positions:
    """Draw for each gene one of those near it that the set does not have yet."""
    from omicsfuse.verification.random_sets_kernel import take_free

    n_genes, size = len(traits), len(members)
    near = int(np.clip(round(_SHARE * n_genes), _FEWEST, _MOST))
    # Others of the set can have taken all but one of its size: so many more are kept in reserve.
    reach = min(n_genes, near + size - 1)
    neighbours = np.empty((size, reach), dtype=np.int64)
    for j, gene in enumerate(members):
        distance = np.round(((traits - traits[gene]) ** 2).sum(axis=1), 12)
        close = np.flatnonzero(~(distance > np.partition(distance, reach - 1)[reach - 1]))
        neighbours[j] = close[np.argsort(distance[close], kind="stable")[:reach]]
    sets = np.empty((n_sets, size), dtype=np.int64)
    used = np.zeros((n_sets, n_genes), dtype=bool)
    # Genes take their turn in another order in each set, so that none is always served last.
    turns = rng.permuted(np.tile(np.arange(size), (n_sets, 1)), axis=1)
    for turn in range(size):
        # So many are free whatever was drawn: there are others in reserve, or all genes are near.
        free = min(near, n_genes - turn)
        wanted = rng.integers(1, np.full(n_sets, free) + 1)
        take_free(neighbours, turns[:, turn], wanted, used, sets)
    return sets
