"""Small functions, each by an example."""

import numpy as np
import pandas as pd

from omicsfuse.assessment.assess import tried
from omicsfuse.assessment.between_layers import mean_silhouette
from omicsfuse.core.results import Subtypes


def test_tried() -> None:
    assert tried(Subtypes(pd.Series(["S1", "S2", "S1"]), {}, {"range": [2, 2]}), 60) == [
        2,
        3,
        4,
        5,
        6,
    ]


def test_mean_silhouette() -> None:
    assert mean_silhouette(np.ones((3, 3)), np.array([4, 4, 4])) == 0.0
