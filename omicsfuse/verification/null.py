"""What scores of random gene sets, and of shuffled discoveries, show in the same cohort."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from omicsfuse.core.results import Signature
from omicsfuse.signatures.identifiers import match_genes
from omicsfuse.signatures.scorer import make_scorer
from omicsfuse.signatures.scorers.base import Scorer
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.p_values import permutation_p
from omicsfuse.stats.single_sample.sums import Positions
from omicsfuse.survival.score import score_z
from omicsfuse.verification.random_sets import matched_sets
from omicsfuse.verification.scored import ScoredCohort, join_notes

#: Random sets scored at once: bounds memory, not the result.
_BATCH = 50
#: Fewest genes, and share of genes, of a shuffled signature that count as it.
_FEWEST, _SHARE = 5, 0.3


@dataclass(frozen=True, eq=False)
class NullScores:
    """Scores of the signature (n, k), random sets (r, n, k) and shuffled signatures (s, n)."""

    patients: pd.Index
    signature: Array
    random: Array
    shuffled: dict[str, Array]
    note: str


def null_scores(
    signature: Signature,
    scored: ScoredCohort,
    shuffled: Sequence[Signature],
    *,
    n_random: int,
    matched: str,
    proliferation_genes: Sequence[str] | None,
    random_state: int,
) -> NullScores | None:
    """Score random sets and shuffled signatures as the signature, scaled by the cohort itself."""
    if not n_random and not shuffled:
        return None
    note, scaling = "", scored.scaling
    if scaling == "reference":
        scaling = "cohort"
        note = "random sets, and the signature compared with them, scaled by this cohort"
    ready = make_scorer(scored.scorer, scored.table, scaling=scaling, signature=signature)
    genes = sorted(str(gene) for gene in signature.templates.index if gene in ready.genes)
    members = ready.genes.get_indexer(pd.Index(genes))
    weights = signature.templates.loc[genes].to_numpy(dtype=float)
    sets, more = matched_sets(
        scored.table[list(ready.genes)],
        members,
        n_random,
        matched=matched,
        proliferation_genes=proliferation_genes,
        random_state=random_state,
    )
    random = np.empty((n_random, len(ready.patients), weights.shape[1]))
    for start in range(0, n_random, _BATCH):
        random[start : start + _BATCH] = ready.score_many(sets[start : start + _BATCH], weights)
    scores = ready.score(members, weights)
    return NullScores(
        ready.patients,
        _filled(scores[None])[0],
        _filled(random),
        _shuffled_scores(signature, shuffled, ready, scored.aliases),
        join_notes(note, more if n_random else ""),
    )


def _shuffled_scores(
    signature: Signature,
    shuffled: Sequence[Signature],
    ready: Scorer,
    aliases: pd.DataFrame | None,
) -> dict[str, Array]:
    """Scores of shuffled signatures, by the name of the score."""
    scores_of: dict[str, list[Array]] = {str(name): [] for name in signature.templates.columns}
    if shuffled:
        # Together, as finding genes goes through all names of the cohort each time.
        genes = sorted({str(gene) for other in shuffled for gene in other.templates.index})
        every = match_genes(genes, ready.genes, aliases=aliases).set_index("gene", drop=False)
        every = every.assign(place=ready.genes.get_indexer(pd.Index(every["found_as"])))
    for other in shuffled:
        named = every.loc[[str(gene) for gene in other.templates.index]]
        known = named[named["place"] >= 0]
        if len(known) < max(min(_FEWEST, len(named)), _SHARE * len(named)):
            continue
        scores = ready.score(
            known["place"].to_numpy(),
            other.templates.loc[known["gene"]].to_numpy(dtype=float),
        )
        for j, name in enumerate(map(str, other.templates.columns)):
            if name in scores_of:
                scores_of[name].append(scores[:, j])
    empty = np.empty((0, len(ready.patients)))
    return {
        name: _filled(np.array(scores)[..., None])[..., 0] if scores else empty
        for name, scores in scores_of.items()
    }


def _filled(scores: Array) -> Array:
    """Sets x patients x scores, a missing one at the mean of its set, so that it says nothing."""
    missing = np.isnan(scores)
    if not missing.any():
        return scores
    known = (~missing).sum(axis=1, keepdims=True)
    mean = np.where(missing, 0.0, scores).sum(axis=1, keepdims=True) / np.maximum(known, 1)
    return np.where(missing, mean, scores)


def held_against(
    time: Array, event: Array, place: Positions, null: NullScores, score: int, name: str
) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Hold the signature's score test against random and shuffled ones: row, and z of each."""
    observed = float(score_z(time, event, null.signature[place, score][:, None])[0])
    row: dict[str, object] = {}
    values: list[dict[str, object]] = [{"score": name, "kind": "signature", "z": observed}]
    # Patients x sets; sets whose score does not vary among them say nothing.
    drawn = score_z(time, event, null.random[:, place, score].T)
    others = null.shuffled.get(name)
    permuted = score_z(time, event, others[:, place].T) if others is not None else np.empty(0)
    for kind, z in (("random", drawn), ("permuted", permuted)):
        known = z[np.isfinite(z)]
        values += [{"score": name, "kind": kind, "z": float(value)} for value in known]
        if not len(known) or not np.isfinite(observed):
            continue
        row[f"{kind}_null_percentile"] = float(100 * np.mean(np.abs(known) < abs(observed)))
        reached = int(np.sum(np.abs(known) >= abs(observed)))
        row[f"{kind}_null_p"] = permutation_p(reached, len(known))
    return row, values
