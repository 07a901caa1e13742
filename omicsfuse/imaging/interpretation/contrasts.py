"""What is compared: a score as it is, two classes, or each of several classes with the others."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.imaging.interpretation.scores_file import SCORE
from omicsfuse.stats.ranks import normal_scores


class Contrast(NamedTuple):
    """One variable that features are compared with.

    ``name``: ``"score"``, ``"high vs low"``, or ``"high vs rest"``; ``numbers``: patient -> normal
    score (mean 0, SD 1), or 1 in the first class and 0 in the other; ``binary``: whether it is of
    classes.
    """

    name: str
    numbers: pd.Series
    binary: bool

    @property
    def unit(self) -> str:
        """What an effect is per."""
        return self.name if self.binary else "per SD of the score"


def contrasts(values: pd.Series, kind: str) -> list[Contrast]:
    """List what a model's score or classes are compared as.

    ``values``: patient -> score or class, none missing. Gives one for a score and for two classes
    (the last in order of their names against the first); of more classes each against the rest.
    """
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
