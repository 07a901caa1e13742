"""What a gene set is to stand for: a subtype, an image feature, a score, a group or survival."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from omicsfuse.core.shown import Shown

#: Kinds of target.
TARGET_KINDS = ("groups", "continuous", "survival")


@dataclass(frozen=True, eq=False, repr=False)
class Target(Shown):
    """Target of a signature: one value of each patient.

    Attributes
    ----------
    name : str
        Short name, also of the score of a continuous target.
    kind : {"groups", "continuous", "survival"}
        What ``values`` holds.
    values : pandas.Series or pandas.DataFrame
        Index patient. Groups: text, one label a patient. Continuous: a number. Survival: columns
        ``time`` and ``event`` (1: it happened).
    source : str
        Source, in words for the report, e.g. ``"subtypes"`` or ``"feature firstOrder_Mean of layer
        radiomics"``.
    exclusions : tuple of str
        Patients without a value, in words; empty if none.
    """

    name: str
    kind: Literal["groups", "continuous", "survival"]
    values: pd.Series | pd.DataFrame
    source: str = ""
    exclusions: tuple[str, ...] = ()
