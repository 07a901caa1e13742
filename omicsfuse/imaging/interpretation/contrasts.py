"""What is compared: a score as it is, two classes, or each of several classes with the others."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.imaging.interpretation.scores_file import SCORE
from omicsfuse.stats.ranks import normal_scores


class Contrast(NamedTuple):
    """A variable to compare with: normal scores by patient, or 1 and 0 for two classes."""

    name: str
    numbers: pd.Series
    binary: bool

    @property
    def unit(self) -> str:
        """What an effect is per."""
        return self.name if self.binary else "per SD of the score"


def contrasts(values: pd.Series, kind: str) -> list[Contrast]:
    """One contrast for a score or two classes (last against first); else each against the rest."""
    if kind == SCORE:
        scores = normal_scores(values.to_numpy(dtype=float))
        return [Contrast("score", pd.Series(scores, values.index), False)]
    names = sorted(values.unique())
    pairs = [(names[1], names[0])] if len(names) == 2 else [(name, "rest") for name in names]
    return [
        Contrast(
            f"{name} vs {other}",
            pd.Series((values == name).to_numpy().astype(np.float64), values.index),
            True,
        )
        for name, other in pairs
    ]
