"""Columns of a layer that are no features: summaries, identifiers, dates, outcomes.

Such a column in a distance between patients gives subtypes by hospital, by year, or by outcome.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.kinds import KINDS, Kind
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.radiomic_names import told_by

#: Rows that read counters put beside the genes: reads that belong to none.
_SUMMARIES = re.compile(
    r"N_(unmapped|multimapping|noFeature|ambiguous)"
    r"|__(no_feature|ambiguous|too_low_aQual|not_aligned|alignment_not_unique)"
    r"|(no_feature|too_low_aQual|not_aligned|alignment_not_unique)"
    r"|Unassigned_\w+",
    re.IGNORECASE,
)
#: Probes of methylation arrays that measure genotypes or controls.
_GENOTYPES = re.compile(r"(rs\d+|nv-[\w-]+|ctl_\w+)(_[TB][CO]\d+)?", re.IGNORECASE)
#: What extractors write of themselves, of the image and of the settings, beside the features.
_DIAGNOSTICS = re.compile(r"diagnostics?_.*", re.IGNORECASE)
_SETTINGS = re.compile(r"(?i:INFO|PARAMS?|CHECK|CONTEXT)_.*|\w+?_(INFO|PARAMS|CHECK)_.*")
_OF_IMAGE = re.compile(
    r"image|mask|label|label_channel|reader|imagepath|maskpath|image_path|mask_path|modality"
    r"|roi_?label|featurefamily|parameters|timeposition"
    r"|(image|diag|img|int_mask|morph_mask|int_grid|img_data)_.*",
    re.IGNORECASE,
)
#: Where in the image something lies: of no meaning between patients.
_POSITIONS = re.compile(
    r".*(Coord?(inates?)?\b|Centroid|Cent(er|re)OfMass(?!Shift)|zLocation).*", re.IGNORECASE
)
_IDENTIFIERS = re.compile(
    r"((patient|subject|case|sample|study|series|scan|lesion|accession|hospital|record)"
    r"[ _.-]?(id|ids|name|number|no|nr|code|barcode|identifier)"
    r"|(study|series|sop|frame|instance|\w*instance)[ _.-]?uid|\w*uid|uuid|guid|mrn"
    r"|patient|subject|barcode|bcr_patient_barcode|submitter_id|case_submitter_id"
    r"|accession([ _.-]?number)?)",
    re.IGNORECASE,
)
_DATES = re.compile(
    r"(\w*[ _.-])?(study|scan|series|acquisition|birth|death|diagnosis|exam|image|content|visit)?"
    r"[ _.-]?(date|datetime|timestamp)([ _.-]of[ _.-]\w+)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
#: Patients whose values have to agree with a clinical column, for a column to be that.
_ENOUGH = 10

SUMMARY = "summary rows of a read counter, not genes"
GENOTYPE = "probes of genotypes or controls, not of methylation"
DIAGNOSTICS = "diagnostics of the feature extraction"
SETTINGS = "what the extractor says of image and settings, not features"
OF_IMAGE = "columns that describe images (text or labels), not features"
POSITION = "positions in the image, not features"
IDENTIFIER = "identifiers, not features"
DATE = "dates, not features"
CLINICAL = "columns of the clinical table, not features"
OUTCOME = "the outcome, not features"
UNNAMED = "columns whose names are no radiomic feature's, in a table where most are"
#: With more of the names than this telling a radiomic feature, a name that does not is none.
_MOST = 0.5


#: Names of clinical columns, whole, without signs between words.
_OF_PATIENTS = re.compile(
    r"(age|sex|gender|race|ethnicity|bmi|kps|ecog|smoking|outcome|response|relapse|recurrence|event"
    r"|death|dead|alive|(vital|survival|smoking|disease)?status|(clinical|pathologic\w*)?[tnm]?stage"
    r"|(tumou?r)?grade|(overall|diseasefree|progressionfree)?survival|os|pfs|dfs|efs|dss|rfs"
    r"|followup|treatment|chemotherapy|radiotherapy)"
    r"(at\w+)?(days|months|years|event|time|status|censor)?"
)


def named_as_clinical(names: Sequence[str]) -> list[str]:
    """Names that clinical columns have: doubtful as features, where no other name tells."""
    return [name for name in names if _OF_PATIENTS.fullmatch(_squeezed(name))]


def without_descriptions(
    table: pd.DataFrame, layer: str, kept: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Leave out what describes images in a table of radiomic features, and count it by reason.

    A column of numbers in which some cells are words stays, for the cohort's checks to refuse.
    """
    told = [
        "" if str(name) in kept else _description(str(name), table.iloc[:, i])
        for i, name in enumerate(table.columns)
    ]
    noted = []
    for reason in (DIAGNOSTICS, OF_IMAGE, SETTINGS, POSITION):
        names = [str(table.columns[i]) for i, each in enumerate(told) if each == reason]
        if names:
            noted.append(Exclusion("read", layer, "features", len(names), reason, tuple(names[:5])))
    # Transposed or partly textual tables hold objects; numbers among them become numbers again.
    return table.loc[:, [not each for each in told]].infer_objects(), noted


def _description(name: str, column: pd.Series) -> str:
    """Why a column of a table of radiomic features describes an image; empty if it does not."""
    if _DIAGNOSTICS.fullmatch(name):
        return DIAGNOSTICS
    if _SETTINGS.fullmatch(name):
        return SETTINGS
    if _POSITIONS.fullmatch(name):
        return POSITION
    if told_by(name).family:
        return ""
    return OF_IMAGE if _OF_IMAGE.fullmatch(name) or holds_only_words(column) else ""


def holds_only_words(column: pd.Series) -> bool:
    """Whether a column has cells, and none of them begins like a number."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return False
    cells = column.dropna().astype(str)
    return bool(len(cells)) and not cells.str.match(r"\s*[+-]?[.,]?\d").any()


def no_features(
    table: pd.DataFrame,
    kind: str,
    clinical: pd.DataFrame | None = None,
    outcomes: Sequence[str] = (),
    kept: Sequence[str] = (),
) -> dict[str, str]:
    """Columns of a layer (patients x features) that are no features, each with the reason.

    ``outcomes``: clinical columns of endpoints; ``kept``: columns that the user says are features.
    """
    row = KINDS[kind]
    reasons: dict[str, str] = {}
    plain = [dtype == np.float64 for dtype in table.dtypes]
    for i, name in enumerate(map(str, table.columns)):
        if name in kept:
            continue
        if row.names_genes and _SUMMARIES.fullmatch(name):
            reasons[name] = SUMMARY
        elif row.methylome and _GENOTYPES.fullmatch(name):
            reasons[name] = GENOTYPE
        elif row.radiomic and (described := _description(name, table.iloc[:, i])):
            reasons[name] = described
        elif not row.names_genes and _IDENTIFIERS.fullmatch(name):
            reasons[name] = IDENTIFIER
        elif (not row.names_genes and _DATES.fullmatch(name)) or (
            not plain[i] and _holds_dates(table.iloc[:, i])
        ):
            reasons[name] = DATE
    if clinical is not None:
        others = ~table.columns.isin([*reasons, *kept])
        reasons |= {
            name: reason
            for name, reason in _of_clinical(table.loc[:, others], row, clinical, outcomes).items()
            # The tumour volume that somebody copied to the clinical table stays known.
            if reason == OUTCOME or not (row.radiomic and told_by(name).volume)
        }
    if row.radiomic:
        rest = [name for name in map(str, table.columns) if name not in reasons]
        unknown = [name for name in rest if not told_by(name).family]
        if len(rest) - len(unknown) > _MOST * len(rest):
            reasons |= {name: UNNAMED for name in unknown if name not in kept}
    return reasons


def _holds_dates(column: pd.Series) -> bool:
    """Whether a column has cells, and all of them are dates."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return True
    if pd.api.types.is_numeric_dtype(column):
        return False
    cells = [str(cell).strip() for cell in column.dropna()]
    return bool(cells) and all(_DATE.fullmatch(cell) for cell in cells)


def _of_clinical(
    table: pd.DataFrame, row: Kind, clinical: pd.DataFrame, outcomes: Sequence[str]
) -> dict[str, str]:
    """Columns that hold what a clinical column holds, or, of images, have its name."""
    shared = table.index[table.index.isin(clinical.index)]
    reasons: dict[str, str] = {}
    values = _floats(table.loc[shared])
    squeezed = {_squeezed(name): str(name) for name in clinical.columns}
    for name in clinical.columns:
        column = _floats(clinical.loc[shared, [name]])[:, 0]
        known = ~np.isnan(column)
        distinct = len(np.unique(column[known]))
        outcome = str(name) in outcomes
        # A mutation may well be a clinical column, as IDH status is; the outcome never.
        if known.sum() < _ENOUGH or distinct < 2 or (distinct == 2 and row.binary and not outcome):
            continue
        same = values[known][0] == column[known][0]
        same[same] = (values[known][:, same] == column[known, None]).all(axis=0)
        for feature in table.columns[same]:
            reasons[str(feature)] = OUTCOME if outcome else CLINICAL
    if row.image:
        for feature in map(str, table.columns):
            if (column_name := squeezed.get(_squeezed(feature))) and feature not in reasons:
                reasons[feature] = OUTCOME if column_name in outcomes else CLINICAL
    return reasons


def _squeezed(name: object) -> str:
    return re.sub(r"[\W_]+", "", str(name)).lower()


def _floats(table: pd.DataFrame) -> np.ndarray:
    """Values as float64 (n, m); words are NaN."""
    if all(pd.api.types.is_numeric_dtype(dtype) for dtype in table.dtypes):
        return table.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = [pd.to_numeric(table.iloc[:, j], errors="coerce") for j in range(table.shape[1])]
    columns = [column.to_numpy(dtype=np.float64, na_value=np.nan) for column in numbers]
    return np.column_stack(columns)


def by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """Columns of each reason, in their order."""
    grouped: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        grouped.setdefault(reason, []).append(name)
    return grouped
