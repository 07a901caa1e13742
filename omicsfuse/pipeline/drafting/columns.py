"""What other clinical columns seem to be: covariates, known labels, marks of the measurement."""

import re
from collections.abc import Callable, Collection, Sequence

import pandas as pd

from omicsfuse.pipeline.drafting.endpoints import cells_of, endpoints_of, squeezed, words_of

#: Covariates, the first column of each that is there; the most telling first.
_COVARIATES = (
    r"age(at.*|years|inyears)?|patientage|.*ageatinitial.*|yearstobirth|(diagnoses|demographic)?ageat.*",
    r"((ajcc|uicc|figo|who)?(pathologic(al)?|path|tumou?r|overall|clinical|clin|ajcc|cancer)*stage"
    r"(grouping|group|event|pathological|pathologic|clinical|v\d)?(pathologicstage|pathologictumorstage)?)",
    r"(demographic|biological|patient)?(sex|gender)",
    r"(tumou?r|neoplasmhistologic|histologic(al)?|who)?grade",
)
_LABELS = re.compile(r"subtype|cluster|hpv|idh\d?|pam50|msi$|molecular|mgmt|codel|cimp")
_TECHNICAL = re.compile(
    r"batch|centre|center|scanner|manufacturer|vendor|plate$|purity|platform|tss$|tissuesource"
    r"|slicethickness|institution|hospital"
)
#: Share of the patients that a covariate must be known for.
_KNOWN = 0.7
#: Events for each covariate, at least.
EVENTS_EACH = 10
_MOST_LEVELS = 12


def covariates_of(
    table: pd.DataFrame, taken: Collection[str], events: int
) -> tuple[list[str], list[str]]:
    """Age, stage, sex and grade, as many as the events bear; and those that they do not bear."""
    chosen = []
    for pattern in _COVARIATES:
        for name in map(str, dict.fromkeys(table.columns)):
            if not re.fullmatch(pattern, squeezed(name)) or name in taken:
                continue
            column = cells_of(table, name)
            numbers = pd.to_numeric(column, errors="coerce").notna().sum()
            describes = numbers == column.notna().sum() or column.nunique() <= _MOST_LEVELS
            if column.notna().mean() >= _KNOWN and column.nunique() > 1 and describes:
                chosen.append(name)
                break
    most = max(1, events // EVENTS_EACH)
    return chosen[:most], chosen[most:]


def labels_of(table: pd.DataFrame, taken: Collection[str]) -> list[str]:
    """Columns of known subtypes and molecular labels."""
    return _named(
        table,
        taken,
        lambda words: any(map(_LABELS.match, words)),
        lambda column: 2 <= column.nunique() <= 8 and column.value_counts().iloc[1] >= 2,
    )


def technical_of(table: pd.DataFrame, taken: Collection[str]) -> list[str]:
    """Columns of the measurement: batches, centres, scanners, purity; not identifiers."""
    return _named(
        table,
        taken,
        lambda words: any(map(_TECHNICAL.match, (*words, "".join(words)))),
        lambda column: (
            column.nunique() > 1
            and (
                pd.to_numeric(column, errors="coerce").notna().any()
                or column.nunique() <= 0.5 * column.notna().sum()
            )
        ),
    )


def _named(
    table: pd.DataFrame,
    taken: Collection[str],
    fits: Callable[[Sequence[str]], object],
    holds: Callable[[pd.Series], object],
) -> list[str]:
    names = [str(name) for name in dict.fromkeys(table.columns) if str(name) not in taken]
    fitting = [name for name in names if fits(words_of(name))]
    return [name for name in fitting if holds(cells_of(table, name))]


def is_sample_map(columns: pd.Index, table: pd.DataFrame) -> bool:
    """Whether a table names samples and patients, and no endpoint."""
    names = {squeezed(name) for name in columns}
    samples = names & {"sampleid", "samplesubmitterid", "sampleidentifier"}
    patients = names & {"patientid", "casesubmitterid", "patientidentifier", "caseid"}
    return bool(samples and patients) and not endpoints_of(table)
