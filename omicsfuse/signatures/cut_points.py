"""Cut-points of a signature's scores, fixed in the discovery cohort and nowhere else."""

import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.errors import OmicsfuseWarning, SignatureError
from omicsfuse.core.results import CUT_POINT_COLUMNS, Signature, Target
from omicsfuse.signatures.scorer import SCALINGS_OF, make_scorer
from omicsfuse.stats.arrays import Array

#: GSVA's kernel compares each patient with each other in each gene: up to here it is a second's
#: work.
_CHEAP = 1e8


def fix_cut_points(
    signature: Signature,
    table: pd.DataFrame,
    target: Target,
    *,
    gsva: bool | None = None,
) -> pd.DataFrame:
    """Fix a cut-point of every score, for each scorer and scaling, from patients x all genes.

    Groups at Youden's index, other scores at the median; sensitivity is flattered on these
    patients.
    """
    genes = signature.templates.index
    absent = [str(gene) for gene in genes if gene not in table.columns]
    if absent:
        raise SignatureError(
            f"cut-points: {len(absent)} of {len(genes)} genes of signature {signature.name!r} are "
            f"not in the training table, e.g. {', '.join(absent[:3])}."
        )
    lacking = table.index[~table.index.isin(target.values.index)]  # noqa: PD011 - a field of ours
    if len(lacking):
        raise SignatureError(
            f"cut-points: {len(lacking)} patients have no value of target {target.name!r}, "
            f"e.g. {lacking[0]}; give the training table of the signature."
        )
    if gsva is None:
        gsva = table.shape[1] * len(table) ** 2 <= _CHEAP
    rows, without = [], []
    for scorer, scalings in SCALINGS_OF.items():
        for scaling in scalings if gsva or scorer != "gsva" else ():
            engine = make_scorer(scorer, table, scaling=scaling, signature=signature)
            known = genes[genes.isin(engine.genes)]
            scores = engine.score(
                engine.genes.get_indexer(known),
                signature.templates.loc[known].to_numpy(dtype=float),
            )
            for j, name in enumerate(map(str, signature.templates.columns)):
                cut, rule = _cut(scores[:, j], _inside(target, name, engine.patients))
                if np.isfinite(cut):
                    rows.append((name, scorer, scaling, cut, rule))
                else:
                    without.append(f"score {name} by {scorer} ({scaling}): {rule}")
    if without:
        warnings.warn(f"cut-points: none for {'; '.join(without)}.", OmicsfuseWarning, stacklevel=2)
    return pd.DataFrame(rows, columns=CUT_POINT_COLUMNS).astype(
        {column: float if column == "cut_point" else object for column in CUT_POINT_COLUMNS}
    )


def youden_cut_point(scores: Array, inside: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Cut with the largest sum of sensitivity and specificity (Youden 1950, Cancer 3:32-35).

    Of equal cuts the one in the middle of the widest gap, then the lowest; members lie above.
    """
    values, place = np.unique(scores, return_inverse=True)
    members = np.bincount(place, weights=inside, minlength=len(values))
    others = np.bincount(place, weights=~inside, minlength=len(values))
    above = int(members.sum()) - np.cumsum(members)[:-1]
    below = np.cumsum(others)[:-1]
    # In whole numbers, so that equal ones are equal.
    index = above * int(others.sum()) + below * int(members.sum())
    best = np.flatnonzero(index == index.max())
    gap = values[best + 1] - values[best]
    i = int(best[np.argmax(gap)])
    cut = values[i] + (values[i + 1] - values[i]) / 2
    # Of two neighbouring numbers the middle may be the upper one, which would not be above it.
    cut = min(cut, np.nextafter(values[i + 1], -np.inf))
    return float(cut), float(above[i] / members.sum()), float(below[i] / others.sum())


def _inside(target: Target, name: str, patients: pd.Index) -> npt.NDArray[np.bool_] | None:
    """Members of the group that a score is named after; None where it stands for no group."""
    if target.kind != "groups":
        return None
    labels = target.values.loc[patients].astype(str)  # noqa: PD011 - a field of ours
    inside = (labels == name).to_numpy(dtype=bool)
    return inside if inside.any() else None


def _cut(scores: Array, inside: npt.NDArray[np.bool_] | None) -> tuple[float, str]:
    """Cut-point and the rule that gave it; NaN and why, where there is none."""
    known = ~np.isnan(scores)
    scores = scores[known]
    n = f"{len(scores)} training patients"
    if not len(scores):
        return float("nan"), "known for no patient"
    if len(np.unique(scores)) < 2:
        return float("nan"), f"the same in all {n} patients"
    if inside is None:
        return float(np.median(scores)), f"median of {n}"
    inside = inside[known]
    if inside.all() or not inside.any():
        return float("nan"), f"{int(inside.sum())} of {n} are in the group"
    cut, sensitivity, specificity = youden_cut_point(scores, inside)
    return cut, (
        f"largest Youden index among {n}, {int(inside.sum())} of them in the group: sensitivity "
        f"{sensitivity:.2f}, specificity {specificity:.2f}"
    )
