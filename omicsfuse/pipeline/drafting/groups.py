"""Which files belong to one cohort: those of common patients."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from omicsfuse.core.identifiers import patients_of
from omicsfuse.core.kinds import KINDS
from omicsfuse.core.same_patient import column_that_holds, matched
from omicsfuse.io.layouts.base import ORIENTATIONS
from omicsfuse.pipeline.drafting.endpoints import endpoints_of
from omicsfuse.pipeline.drafting.seen import Seen, look_at

#: Patients that two tables must share, as a share of the smaller, to be of one cohort.
_SHARED = 0.2
#: Share of patients and features from which on two layers of a kind are the same measurement.
_SAME = 0.5
#: Which of several scales of one measurement is used, the first that is there.
_PREFERRED = ("gistic", "counts", "tpm", "normalised_counts", "log2", "fpkm", "beta", "m_value")


@dataclass
class Group:
    """Files of one cohort.

    ``beside``: layers that measure the same on another scale; ``other_clinical``: more tables of
    the same patients.
    """

    layers: list[Seen]
    clinical: Seen | None = None
    name: str = ""
    beside: list[Seen] = field(default_factory=list)
    other_clinical: list[Seen] = field(default_factory=list)


def settled(seen: Sequence[Seen]) -> list[Seen]:
    """Look once more at tables of which other files tell the patients: in columns, in a column."""
    maps = [each for each in seen if each.role == "sample_map"]
    samples = {name: patient for each in maps for name, patient in each.samples.items()}
    known = _known_names(seen) | set(samples)
    result = []
    for each in seen:
        if each.role == "layer" and each.table is not None:
            each = each if each.variants else _settled(each, known)
            held = {str(name).strip() for name in each.patients} & set(samples)
            if held:
                each = replace(each, samples={name: samples[name] for name in held})
        result.append(each)
    return result


def _known_names(seen: Iterable[Seen]) -> set[str]:
    """Names of patients in clinical tables, in whatever column, and in layers that tell theirs."""
    names: set[str] = set()
    for each in seen:
        if each.table is None or each.role not in ("layer", "clinical"):
            continue
        if each.role == "clinical":
            names |= set(map(str, each.patients))
            for i in range(each.table.shape[1]):
                column = each.table.iloc[:, i]
                if not pd.api.types.is_numeric_dtype(column):
                    cells = column.dropna().astype(str)
                    if cells.nunique() >= 0.5 * len(cells):
                        names |= set(cells)
        elif each.told:
            names |= set(map(str, each.patients))
    return names


def _settled(layer: Seen, known: set[str]) -> Seen:
    table = layer.table
    if table is None or _known(table.index, known) >= _SHARED or not known:
        return layer
    if not layer.told and _known(table.columns, known) >= _SHARED:
        turned = look_at(layer.path, ORIENTATIONS[1])
        if turned.role == "layer":
            turned.why.append("columns are patients: told by other files")
            return turned
    words = table.loc[:, [not pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes]]
    column, held = column_that_holds(known, words) if words.shape[1] else ("", 0)
    if "orientation" not in layer.keys and held >= _SHARED * len(table):
        found = look_at(layer.path, patient=column)
        if found.role == "layer":
            found.why.append(f'patients in column "{column}": told by other files')
            return found
    return layer


def _known(names: pd.Index, known: set[str]) -> float:
    """Share of names that are known patients."""
    own = list(dict.fromkeys(patients_of(names)))
    direct = sum(name in known for name in own)
    return (direct + len(matched(own, known)[0])) / max(len(own), 1)


def grouped(seen: Sequence[Seen]) -> list[Group]:
    """Bring the layers of common patients together, each with the clinical table that has them."""
    layers = [each for each in seen if each.role == "layer"]
    clinical = [each for each in seen if each.role == "clinical"]
    groups: list[Group] = []
    for layer in sorted(layers, key=lambda each: -len(each.patients)):
        home = max(groups, key=lambda group: _shared(layer, group), default=None)
        if home is not None and _shared(layer, home) >= _SHARED:
            home.layers.append(layer)
        else:
            groups.append(Group([layer]))
    for group in groups:
        _give_clinical(group, clinical)
        _set_beside(group)
        group.layers.sort(key=lambda each: list(KINDS).index(each.kind))
    # Those with images, more layers and an endpoint are what a study begins with.
    groups.sort(
        key=lambda group: (
            not any(KINDS[layer.kind].image for layer in group.layers),
            -len({layer.kind for layer in group.layers}),
            group.clinical is None,
        )
    )
    for i, group in enumerate(groups):
        group.name = "cohort" if len(groups) == 1 else f"cohort_{i + 1}"
    return groups


def _shared(layer: Seen, group: Group) -> float:
    """Share of the patients of the smaller that are in both."""
    other = pd.Index({name for each in group.layers for name in each.patients})
    same = layer.patients.isin(other).sum() + len(matched(list(layer.patients), other)[0])
    return float(same) / max(min(len(layer.patients), len(other)), 1)


def _give_clinical(group: Group, clinical: Sequence[Seen]) -> None:
    """Take the clinical table that has the patients, of several the one with most endpoints."""
    patients = pd.Index(sorted({name for layer in group.layers for name in layer.patients}))
    held = [(_held(table, patients), table) for table in clinical]
    most = max((n for (_, n), _ in held), default=0)
    good = [(column, table) for (column, n), table in held if n and 2 * n > most]
    if not good:
        return
    column, table = max(good, key=lambda pair: _n_endpoints(pair[1]))
    keys = dict(table.keys) | ({"patient": column} if column else {})
    group.clinical = replace(table, keys=keys)
    why = f"a clinical table; {table.path.name} is used, and has the same patients"
    group.other_clinical = [
        replace(other, why=[why]) for _, other in good if other.path != table.path
    ]


def _n_endpoints(clinical: Seen) -> int:
    return 0 if clinical.table is None else len(endpoints_of(clinical.table))


def _held(clinical: Seen, patients: pd.Index) -> tuple[str, int]:
    """Column of a clinical table with the patients (empty: the first), and how many it has."""
    first = int(clinical.patients.isin(patients).sum())
    first += len(matched(list(clinical.patients), patients)[0])
    if clinical.table is None:
        return "", 0
    column, held = column_that_holds(patients, clinical.table)
    return (column, held) if held > first else ("", first)


def _set_beside(group: Group) -> None:
    """Keep one layer of those that hold the same features of the same patients."""
    order = sorted(
        group.layers,
        key=lambda layer: (
            _PREFERRED.index(layer.scale) if layer.scale in _PREFERRED else len(_PREFERRED),
            # Logarithms of counts are not comparable between patients as those of TPM are.
            layer.scale == "log2" and "count" in layer.name,
            -len(layer.patients),
            layer.path.name,
        ),
    )
    kept: list[Seen] = []
    for layer in order:
        same = next((other for other in kept if _is_same(layer, other)), None)
        if same is None:
            kept.append(layer)
        else:
            layer.why.append(f"the same features and patients as {same.path.name}")
            group.beside.append(layer)
    group.layers = kept


def _is_same(layer: Seen, other: Seen) -> bool:
    if layer.kind != other.kind or layer.table is None or other.table is None:
        return False
    shares = [
        len(set(mine) & set(theirs)) / max(min(len(mine), len(theirs)), 1)
        for mine, theirs in (
            (layer.patients, other.patients),
            (layer.table.columns, other.table.columns),
        )
    ]
    return min(shares) >= _SAME
