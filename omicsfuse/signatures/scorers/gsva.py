"""Gene set variation analysis: enrichment in a patient relative to the cohort."""

import numpy as np
import pandas as pd

from omicsfuse.core.errors import SignatureError
from omicsfuse.signatures.scaling import MINIMUM_PATIENTS
from omicsfuse.signatures.scorers.base import Scorer
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.gseapy_engine import gsva
from omicsfuse.stats.moments import moments, varies
from omicsfuse.stats.single_sample.ranks import up_and_down
from omicsfuse.stats.single_sample.sums import Positions

#: Scores of one call of the engine, which keeps a record of each.
_SCORES_A_CALL = 400_000


class SetVariation(Scorer):
    """Enrichment of genes in a patient, each gene held against its distribution in the cohort.

    gseapy's GSVA (``mx_diff``, tau 1), of positive less negative weights, signs only. A missing
    value counts as the gene's mean; 10 patients are needed. Haenzelmann, Castelo and Guinney 2013,
    BMC Bioinformatics 14:7; Fang, Liu and Peltz 2023, Bioinformatics 39:btac757.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        if len(table) < MINIMUM_PATIENTS:
            raise SignatureError(
                f"{len(table)} patients are too few for GSVA (at least {MINIMUM_PATIENTS}), "
                "which compares each gene with its distribution in the cohort; use "
                "scorer='rank' or 'ssgsea', which score single patients."
            )
        genes = np.argsort(table.columns.to_numpy(dtype=object).astype(str), kind="stable")
        values = table.to_numpy(dtype=float)[:, genes]
        scale = moments(values)
        usable = varies(scale.mean, scale.sd) & ((~np.isnan(values)).mean(axis=0) >= 0.5)
        values = np.where(np.isnan(values), scale.mean, values)[:, usable]
        self.patients: pd.Index = table.index
        self.genes: pd.Index = table.columns[genes][usable]
        # In one order inside the engine, so that sums over patients do not depend on it.
        order = np.argsort(table.index.to_numpy(dtype=object).astype(str), kind="stable")
        self._place = np.argsort(order, kind="stable")
        self._table = pd.DataFrame(values[order], columns=range(values.shape[1]))

    def score_many(self, members: Positions, weights: Array) -> Array:
        """Score every patient on many sets of genes; see `Scorer`."""
        members, weights = np.asarray(members), np.asarray(weights, float)
        (r, _), k = members.shape, weights.shape[1]
        scores = np.zeros((r, len(self.patients), k))
        sets = {
            (i, column, sign): members[i, used[:, column] > 0]
            for sign, used in up_and_down(weights)
            for column in np.flatnonzero(used.any(axis=0))
            for i in range(r)
        }
        keys = list(sets)
        step = max(1, _SCORES_A_CALL // max(len(self.patients), 1))
        for start in range(0, len(keys), step):
            part = keys[start : start + step]
            scored = gsva(self._table, {str(j): list(sets[key]) for j, key in enumerate(part)})
            columns = scored.to_numpy()[self._place]
            for j, (i, column, sign) in enumerate(part):
                scores[i, :, column] += sign * columns[:, j]
        scores[..., ~(weights != 0).any(axis=0)] = np.nan
        return scores
