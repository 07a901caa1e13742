"""The variables that subtypes are compared with: which there are, and which can be tested."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from omicsfuse.biology.burden import measures
from omicsfuse.biology.outcomes import endpoint_of, is_outcome
from omicsfuse.biology.technical import automatic_technical
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Subtypes
from omicsfuse.core.variables import CATEGORICAL, NUMERIC, ORDERED, steps

#: Roles of variables; those of the last two are families of tests of their own.
KNOWN, COVARIATE, TECHNICAL, GENOME = "known label", "covariate", "technical", "genome"

#: Notes on a variable that is not to be compared, and on one that patients of one subtype have.
IGNORED = "not compared (listed in ignore)"
ONE_SUBTYPE = "all patients with a value are in one subtype"


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable: values by patient, role, type; ``note`` says why it is not tested."""

    name: str
    column: pd.Series
    type: str
    role: str = ""
    known: bool = False
    note: str = ""
    source: str = ""
    volume_of: str = ""

    @property
    def numbers(self) -> pd.Series:
        """Numbers, or steps of what is in order; NaN where missing."""
        if self.type == ORDERED:
            return steps(self.column)
        numbers = self.column.to_numpy(dtype=float, na_value=np.nan)
        return pd.Series(numbers, self.column.index)

    @property
    def groups(self) -> pd.Series:
        """Categories as they are; what is in order by its steps, substages of a step together."""
        if self.type != ORDERED:
            return self.column
        texts = self.column.astype(object).map(level_text, na_action="ignore")
        names = pd.DataFrame({"step": self.numbers, "text": texts}).dropna().drop_duplicates()
        named = {
            step: " or ".join(sorted(rows["text"]))
            for step, rows in names.groupby("step", sort=True)
        }
        return pd.Series([named.get(x, np.nan) for x in self.numbers], texts.index, dtype=object)

    @property
    def ranked(self) -> bool:
        """Whether patients are put in order by it: three different values at least."""
        return self.type != CATEGORICAL and self.numbers.nunique() > 2

    @property
    def family(self) -> str:
        """Family of tests: ``"technical"``, ``"genome"`` or ``""`` (all clinical columns)."""
        return self.role if self.role in (TECHNICAL, GENOME) else ""

    @property
    def tabulated(self) -> bool:
        """Whether it belongs in Table 1: also where nobody can be compared with anybody."""
        return not self.note or (
            self.note == ONE_SUBTYPE and not _unfit(self.groups.dropna(), self.type)
        )


def variables(subtypes: Subtypes, cohort: Cohort) -> list[Variable]:
    """List what the subtypes can be compared with, in the order of the result tables.

    Clinical columns but those of endpoints, ``automatic_technical``, the burdens; a note on one
    that is outcome, ignored, constant, identifier-like or a repeat.
    """
    patients = subtypes.labels.index
    clinical = (
        pd.DataFrame(index=patients)
        if cohort.clinical is None
        else cohort.clinical.reindex(patients)
    )
    followed = list(
        dict.fromkeys(column for known in cohort.endpoints.values() for column in known.columns)
    )
    types = cohort.variables["type"]
    seen: dict[Hashable, str] = {}
    for name in followed:
        end = Variable(str(name), clinical[name], types[name])
        if end.groups.nunique() > 1:
            for family in ("", TECHNICAL, GENOME):
                seen.setdefault((family, _grouping(end)), end.name)
    named = []
    for name in clinical.columns:
        if name not in followed:
            known = name in cohort.known_labels
            named.append(
                Variable(str(name), clinical[name], types[name], _role(name, cohort), known)
            )
    for label, (values, source, layer) in automatic_technical(cohort, patients).items():
        kind = NUMERIC if pd.api.types.is_numeric_dtype(values) else CATEGORICAL
        named.append(Variable(label, values, kind, TECHNICAL, source=source, volume_of=layer))
    for each in measures(cohort):
        if each.words:
            column = each.amounts.reindex(patients)
            named.append(Variable(each.words, column, NUMERIC, GENOME, source="see burden.tsv"))
    ignored = set(map(str, cohort.ignore))
    declared = {name.lower() for name in cohort.endpoints}
    labels = subtypes.labels
    return [
        replace(each, note=_note(each, labels, seen, each.name in ignored, declared))
        for each in named
    ]


def _role(name: Hashable, cohort: Cohort) -> str:
    if name in cohort.technical:
        return TECHNICAL
    if name in cohort.known_labels:
        return KNOWN
    return COVARIATE if name in cohort.covariates else ""


def _note(
    variable: Variable,
    labels: pd.Series,
    seen: dict[Hashable, str],
    ignored: bool,
    endpoints: Collection[str],
) -> str:
    """Say why a variable is not compared with the subtypes; empty if it is."""
    if ignored and not variable.source:
        return IGNORED
    present = variable.groups.dropna()
    first = variable.name
    if present.nunique() > 1:
        key = (variable.family, _grouping(variable))
        first = seen.setdefault(key, variable.name)
    if is_outcome(variable.name) and not variable.known:
        name = endpoint_of(variable.name)
        if name and name not in endpoints:
            return f"looks like an endpoint that is not declared: [clinical.endpoints.{name}]"
        return "outcome: see survival"
    if first != variable.name:
        return f"same {'order' if variable.ranked else 'grouping'} as {first}"
    if present.nunique() > 1 and labels.loc[present.index].nunique() < 2:
        return ONE_SUBTYPE
    return _unfit(present, variable.type)


def _unfit(values: pd.Series, kind: str) -> str:
    """Why a variable can be neither tested nor tabulated; empty if it can."""
    n_values = values.nunique()
    if len(values) == 0:
        return "no patient has a value"
    if n_values == 1:
        return "constant"
    if kind != CATEGORICAL or n_values <= len(values) / 2:
        return ""
    if n_values == len(values):
        return "all values differ (an identifier?)"
    return f"{n_values} categories for {len(values)} patients are too many"


def _grouping(variable: Variable) -> Hashable:
    """Key that two columns share if, and only if, the same test of both gives the same answer."""
    if not variable.ranked:
        return "groups", pd.factorize(variable.groups)[0].tobytes()
    numbers = variable.numbers
    return "ranks", min(
        numbers.rank().to_numpy().tobytes(), numbers.rank(ascending=False).to_numpy().tobytes()
    )
