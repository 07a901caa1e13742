"""What a layout is: how files of one source are recognised, and brought to patients x features."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from omicsfuse.core.layers import Exclusion
from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text

#: Rows or columns are patients; without one, a layout knows, or patients are in rows.
ORIENTATIONS = ("patients_by_features", "features_by_patients")


@dataclass(frozen=True)
class Wanted:
    """What a manifest says of the table in a file; empty where it says nothing.

    ``label``: the layer, or ``"clinical"``; ``scale``: as declared; ``column``: which of several
    values a file holds; ``drop_columns``: names or patterns (``*``) of columns, or rows,
    that are no features; ``patient_pattern``: regular expression whose one group finds the patient
    in an identifier.
    """

    label: str = ""
    kind: str = ""
    scale: str = ""
    orientation: str = ""
    patient: str = ""
    column: str = ""
    drop_columns: tuple[str, ...] = ()
    missing_words: tuple[str, ...] = ()
    patient_pattern: str = ""


@dataclass
class Arranged:
    """Patients (index, text) x features, and what was left out or noticed on the way.

    ``beside``: columns that describe rows, left out; ``scale``: the scale that the layout tells,
    for layers that declare none; ``samples``: patients of samples, from a sheet beside the files.
    """

    table: pd.DataFrame
    exclusions: list[Exclusion] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    scale: str = ""
    samples: pd.DataFrame | None = None


@dataclass(frozen=True)
class Layout:
    """One layout of files.

    ``name`` is what ``format`` takes; ``title`` what a reader is told. ``recognises`` looks at the
    first lines of a text; ``plan`` says which lines and columns are the table; ``arrange`` brings
    the parsed table (all columns named, numbered rows) to patients x features. ``orientation``: how
    the table lies in every file of this layout.
    """

    name: str
    title: str
    recognises: Callable[[Text, Wanted], bool]
    arrange: Callable[[pd.DataFrame, Wanted, Path], Arranged]
    plan: Callable[[Text, Reading, Wanted], Plan]
    orientation: str = ""
