"""What a gene set is to stand for: a subtype, an image feature, a score, a group or survival."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from omicsfuse.core.shown import Shown

#: Kinds of target.
TARGET_KINDS = ("groups", "continuous", "survival")


@dataclass(frozen=True, eq=False, repr=False)
class Target(Shown):
    """What a signature is derived for: one value a patient.

    Attributes
    ----------
    name : str
        Short name, which the scores of a continuous target take.
    kind : {"groups", "continuous", "survival"}
        What ``values`` holds.
    values : pandas.Series or pandas.DataFrame
        Index patient. Groups: text, one label a patient. Continuous: a number. Survival: columns
        ``time`` and ``event`` (1: it happened).
    source : str
        Where it comes from, in words for the report, e.g. ``"subtypes"`` or ``"feature
        firstOrder_Mean of layer radiomics"``.
    exclusions : tuple of str
        Patients without a value, in words; empty where nobody is missing.
    """

    name: str
    kind: Literal["groups", "continuous", "survival"]
    values: pd.Series | pd.DataFrame
    source: str = ""
    exclusions: tuple[str, ...] = ()
