"""The small nouns that a cohort is made of: layers, endpoints, and counts of what was excluded.

They are public as ``omicsfuse.core.cohort.Layer`` and so on; they live here to keep files short.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import count
from omicsfuse.core.shown import Shown, joined, some, table_size


@dataclass(frozen=True)
class Exclusion:
    """A count of data excluded at one step.

    Attributes
    ----------
    step : str
        Step of the exclusion, e.g. ``"read"``, ``"preprocess"``, ``"fuse"``, ``"survival"``.
    layer : str
        Layer, table or cohort; empty for the whole study.
    what : str
        Unit of the count: ``"patients"``, ``"features"``, ``"genes"``, ``"values"``, ``"samples"``,
        ``"variants"``.
    count : int
        How many.
    reason : str
        Reason, in plain words.
    examples : tuple of str
        Up to five names.
    """

    step: str
    layer: str
    what: str
    count: int
    reason: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """Clinical columns of a time to event, and their coding.

    Attributes
    ----------
    time : str or tuple of str
        Column of the clinical table; of several, each patient's time is the first that is known, as
        in ``("days_to_death", "days_to_last_follow_up")``.
    event : str
        Column of the clinical table. Words that begin with ``0:`` or ``1:`` are understood.
    unit : str
        Unit of time: ``"days"``, ``"weeks"``, ``"months"`` or ``"years"``.
    event_values : mapping of str to int or str
        Code of each word of the event column (1 the event, 0 censored, 2 and more competing
        events, ``"missing"`` where it tells nothing); empty for columns of 0/1 or true/false.
    entry : str
        Column with the time from which a patient is observed (left truncation), in the unit of
        ``time`` and from the same origin; empty if all patients are observed from the origin.
    competing : str
        Column (0/1 or true/false) of a competing event that also ends follow-up at ``time``, such
        as death from any cause beside death from the disease; empty without competing events.

    Examples
    --------
    >>> import omicsfuse as of
    >>> os = of.Endpoint("months", "status", unit="months", event_values={"dead": 1, "alive": 0})
    >>> os.event_values["dead"]
    1
    """

    time: str | tuple[str, ...]
    event: str
    unit: str = "days"
    event_values: Mapping[str, int | str] = field(default_factory=dict)
    entry: str = ""
    competing: str = ""

    def __post_init__(self) -> None:
        """Keep a list of columns as a tuple."""
        if not isinstance(self.time, str):
            object.__setattr__(self, "time", tuple(self.time))

    @property
    def times(self) -> tuple[str, ...]:
        """Columns of the time, the first that is known taken."""
        return (self.time,) if isinstance(self.time, str) else self.time

    @property
    def columns(self) -> tuple[str, ...]:
        """Every clinical column that it is read from."""
        return tuple(name for name in (*self.times, self.event, self.entry, self.competing) if name)


@dataclass(frozen=True, eq=False, repr=False)
class Layer(Shown):
    """One omics layer: a kind and a table of patients x features.

    A layer is checked when it enters a ``Cohort``.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    table : pandas.DataFrame
        Patients (index, str) x features (columns, str), float64; missing values are NaN. Rows in
        any order: a ``Cohort`` sorts them by patient.
    scale : str
        One of ``KINDS[kind].scales``; empty takes the first of them.
    features : pandas.DataFrame or None
        Annotation of the features (index: feature). For radiomics, by default parsed from their
        names: ``image_type``, ``feature_class``, ``feature``, ``family``, ``modality``, ``region``,
        ``extractor`` and ``volume``.
    source : str
        File of the table, for messages; empty for a table in memory.
    megabases : float or None
        For mutations, the megabases sequenced (about 30 to 38 for an exome), for counts per
        megabase; None if unknown.
    variants : pandas.DataFrame or None
        For mutations from a MAF with read counts, one row a variant: columns ``patient``,
        ``t_alt_count`` and ``t_depth`` (reads with the mutation, all reads); None without them.
    missing : tuple of str
        Words and numbers that mean missing in the table, beside the list.
    keep : tuple of str
        Columns that are features although their names or values speak against it.
    checked : pandas.Index or None
        Features that a ``Cohort`` has let in: it does not doubt them again, so that a part of its
        patients has the same features. None before.

    Examples
    --------
    >>> from omicsfuse import Layer
    >>> import pandas as pd
    >>> table = pd.DataFrame({"TP53": [0, 1]}, index=["P1", "P2"])
    >>> Layer("mutation", table).kind
    'mutation'
    """

    kind: str
    table: pd.DataFrame
    scale: str = ""
    features: pd.DataFrame | None = None
    source: str = ""
    megabases: float | None = None
    variants: pd.DataFrame | None = None
    missing: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    checked: pd.Index | None = None

    def _title(self) -> str:
        return joined(self.kind, self.scale)

    def _facts(self) -> Iterator[tuple[str, str]]:
        if isinstance(self.table, pd.DataFrame):
            yield "table", table_size(self.table, "patient", "feature")
            yield "missing", f"{self.table.isna().to_numpy().mean():.1%}" if self.table.size else ""
        yield "file", self.source


def exclusions_text(exclusions: Iterable[Exclusion]) -> str:
    """Count what was excluded, each kind of thing by itself."""
    counts: Counter[str] = Counter()
    for each in exclusions:
        counts[each.what] += each.count
    return some(count(n, what.removesuffix("s")) for what, n in counts.items() if n)


def describe_layer(layer: Layer) -> dict[str, object]:
    """Describe a layer in numbers, constant features and those missing in over half among them."""
    values = layer.table.to_numpy(dtype="float64")
    missing = np.isnan(values)
    present = values[~missing]
    low = np.where(missing, np.inf, values).min(axis=0, initial=np.inf)
    high = np.where(missing, -np.inf, values).max(axis=0, initial=-np.inf)
    return {
        "kind": layer.kind,
        "scale": layer.scale,
        "n_patients": values.shape[0],
        "n_features": values.shape[1],
        "missing": int(missing.sum()),
        "min": float(present.min()) if present.size else float("nan"),
        "max": float(present.max()) if present.size else float("nan"),
        "constant": int((low >= high).sum()),
        "mostly_missing": int((missing.mean(axis=0) > 0.5).sum()) if len(values) else 0,
    }
