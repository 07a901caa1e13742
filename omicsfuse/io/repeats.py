"""Names that occur more than once: several probes of a gene, samples and rows of a patient."""

import re
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pandas as pd

from omicsfuse.core.checks.numbers import to_numbers
from omicsfuse.core.checks.tables import count, did_you_mean, listed
from omicsfuse.core.errors import CohortError
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.missing import folded, without_missing
from omicsfuse.io.files.delimited import parse, plain_plan
from omicsfuse.io.files.text import Reading, open_text
from omicsfuse.io.layouts.plain import squeezed

#: What is done with features of one name.
DUPLICATES = ("refuse", "mean", "median", "sum", "max_variance", "first")
_JOINED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda values: _quiet(np.nanmean, values),
    "median": lambda values: _quiet(np.nanmedian, values),
    "sum": lambda values: np.where(np.isnan(values).all(axis=1), np.nan, np.nansum(values, axis=1)),
}
_SAMPLES = ("sampleid", "sample", "sampleidentifier", "samplesubmitterid", "barcode")
_PATIENTS = ("patientid", "patient", "patientidentifier", "caseid", "casesubmitterid", "subjectid")
_TYPES = ("sampletype", "sampletypedetailed", "sampleclass", "tumortype", "sampletypeid")
_TISSUES = ("tissuetype", "tumordescriptor")
#: Columns of a sample sheet that name files.
_FILES = ("filename", "fileid")


def one_feature_each(
    table: pd.DataFrame, how: str, label: str, missing: Collection[str], where: str
) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Bring features of one name to one column each, by rule; ``"refuse"`` leaves them.

    ``max_variance`` keeps the column that varies most between patients, the first of equals.
    """
    if how == "refuse" or table.columns.is_unique:
        return table, []
    repeated = list(dict.fromkeys(table.columns[table.columns.duplicated()]))
    part = table.loc[:, table.columns.isin(repeated)]
    numbers = part
    if how != "first":
        numbers = part.set_axis(range(part.shape[1]), axis=1)
        numbers = to_numbers(numbers, where, missing=missing).table
        numbers = numbers.set_axis(part.columns, axis=1)
    columns: dict[str, pd.Series] = {}
    for name in repeated:
        values = numbers.loc[:, numbers.columns == name]
        if how == "first":
            columns[name] = values.iloc[:, 0]
        elif how == "max_variance":
            spread = [
                np.nanvar(values.iloc[:, j]) if values.iloc[:, j].notna().any() else -1.0
                for j in range(values.shape[1])
            ]
            columns[name] = values.iloc[:, int(np.argmax(spread))]
        else:
            columns[name] = pd.Series(_JOINED[how](values.to_numpy(dtype=float)), table.index)
    first = table.loc[:, ~table.columns.duplicated()]
    result = first.assign(**{str(name): column for name, column in columns.items()})
    words = {"first": "the first kept", "max_variance": "the one that varies most kept"}
    reason = f"of one name with another: {words.get(how, f'their {how} taken')}"
    n = part.shape[1] - len(repeated)
    examples = tuple(map(str, repeated[:5]))
    return result, [Exclusion("read", label, "features", n, reason, examples)]


def _quiet(mean: Callable[..., np.ndarray], values: np.ndarray) -> np.ndarray:
    """Mean or median of each row; NaN, without a warning, where all are missing."""
    known = ~np.isnan(values).all(axis=1)
    result = np.full(len(values), np.nan)
    result[known] = mean(values[known], axis=1)
    return result


def one_row_each(
    table: pd.DataFrame, used: Collection[str], missing: Collection[str], where: str
) -> tuple[pd.DataFrame, list[str]]:
    """Merge rows of one patient in a clinical table, where what is used agrees.

    A cell known in one row only is taken. A column that differs is refused if it is used
    (``used``: endpoints, covariates ...), else left out, and said.
    """
    if table.index.is_unique:
        return table, []
    twice = table.index[table.index.duplicated()]
    merged, left_out, faults = {}, [], []
    known = pd.DataFrame(
        {i: without_missing(table.iloc[:, i], missing)[0] for i in range(table.shape[1])},
        index=table.index,
    )
    groups = known.groupby(level=0, sort=False)
    several = groups.nunique(dropna=True) > 1
    first = groups.first()
    for i, name in enumerate(table.columns):
        differ = several.index[several[i]]
        if not len(differ):
            merged[i] = first[i]
        elif name in used:
            cells = listed(known.loc[differ[0], i].dropna().unique(), 3)
            faults.append(f'column "{name}": {differ[0]} has {cells}')
        else:
            left_out.append(str(name))
    if faults:
        raise CohortError(
            f"{where}: {count(twice.nunique(), 'patient')} in several rows "
            f"(e.g. {listed(twice.unique(), 3)}), which do not agree: {'; '.join(faults[:5])}. "
            "Keep one row of each patient, or name a table with one row a patient."
        )
    result = pd.DataFrame(merged, index=first.index)
    result = result.set_axis([table.columns[i] for i in merged], axis=1)
    note = f"rows of {count(twice.nunique(), 'patient')} merged"
    if left_out:
        note += f"; without {listed(left_out, 4)}, which differ between rows of a patient"
    return result, [note]


def read_sample_map(path: Path) -> pd.DataFrame:
    """Patient, rank (0: primary tumour, 2: normal tissue) and sample of each name (index).

    Names are those of samples, and of their files where a sample sheet of the GDC names files.
    """
    text = open_text(path)
    table, _ = parse(text, plain_plan(text, Reading()), Reading(), ("",))
    names = {squeezed(str(name)): str(name) for name in table.columns}
    found = {}
    for role, options in (("sample", _SAMPLES), ("patient", _PATIENTS)):
        column = next((names[option] for option in options if option in names), None)
        if column is None:
            raise CohortError(
                f"{path.name}: a sample map needs a column of samples and one of patients, such as "
                f"SAMPLE_ID and PATIENT_ID; there is none of {role}s. "
                f"{did_you_mean(f'{role.upper()}_ID', table.columns)}."
            )
        found[role] = table[column].fillna("").astype(str).map(_once)
    kinds = [names[option] for option in _TYPES if option in names][:1]
    kinds += [names[option] for option in _TISSUES if option in names]
    types = [" ".join(folded(cell) for cell in row) for row in table[kinds].to_numpy(dtype=object)]
    ranks = [_rank(text) for text in types] if kinds else [0] * len(table)
    rows = pd.DataFrame({"patient": found["patient"], "rank": ranks, "sample": found["sample"]})
    by_name = [rows.set_index("sample", drop=False)]
    by_name += [
        rows.set_index(table[names[option]].astype(str).str.strip())
        for option in _FILES
        if option in names
    ]
    result = pd.concat(by_name).rename_axis(index="name")
    result = result[result.index != ""]
    result = result[~result.reset_index().duplicated().to_numpy()]
    if not result.index.is_unique:
        twice = result.index[result.index.duplicated()].unique()
        raise CohortError(
            f"{path.name}: {listed(twice, 3)} is in several rows, which name different patients, "
            "samples or kinds of tissue: keep one row of each."
        )
    return result


def _once(cell: str) -> str:
    """Write a name once that a sheet of pairs (tumour, normal) repeats."""
    parts = list(dict.fromkeys(part.strip() for part in cell.split(",")))
    return parts[0] if len(parts) == 1 else cell.strip()


def _rank(kind: str) -> int:
    """0 for primary tumours, 2 for what is no tumour, 1 for others."""
    if re.search(r"normal|control|germline", kind):
        return 2
    return 0 if "primary" in kind or kind.strip() in ("", "01", "tumor", "tumour") else 1


def to_mapped_patients(
    table: pd.DataFrame, samples: pd.DataFrame, label: str
) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Bring samples of a layer to patients: no normal tissue, primary tumours first, then by name.

    Names that the map does not have stay as they are.
    """
    names = [str(name).strip() for name in table.index]
    if not set(names) & set(samples.index):
        return table, []
    patients = [samples["patient"].get(name, name) for name in names]
    ranks = [int(samples["rank"].get(name, 0)) for name in names]
    order = sorted(range(len(names)), key=lambda i: (ranks[i], names[i]))
    best: dict[str, int] = {}
    for i in order:
        best.setdefault(patients[i], i)
    normal = [i for i in range(len(names)) if ranks[i] == 2]
    others = [i for i in range(len(names)) if ranks[i] < 2 and best[patients[i]] != i]
    kept = [i for i in range(len(names)) if i not in {*normal, *others}]
    exclusions = [
        Exclusion(
            "read",
            label,
            "samples",
            len(places),
            reason,
            tuple(sorted(names[i] for i in places)[:5]),
        )
        for places, reason in (
            (normal, "not a tumour sample (normal tissue or control)"),
            (others, "another sample of a patient: primary tumour, then the first by name kept"),
        )
        if places
    ]
    index = pd.Index([patients[i] for i in kept], name="patient")
    return table.iloc[kept].set_axis(index), exclusions
