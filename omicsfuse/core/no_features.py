"""Columns of a layer whose names or words tell that they are no features.

Summaries, identifiers, dates, outcomes: in a distance between patients they give subtypes by
hospital, by year, or by outcome. `same_values` tells them by their numbers.
"""

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.kinds import KINDS, Kind
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.radiomic_names import told_by

#: Rows that read counters put beside the genes: reads that belong to none.
_SUMMARIES = re.compile(
    r"N_(?:unmapped|multimapping|noFeature|ambiguous)"
    r"|X?(?:__)?(?:no_feature|ambiguous|too_low_aQual|not_aligned|alignment_not_unique)"
    r"|Unassigned_\w+",
    re.IGNORECASE,
)
#: Controls of arrays, and RNA added to the sample.
_CONTROLS = re.compile(
    r"ERCC[-_.]\d{5}|AFFX[-.].+|(?:GE_)?(?:Bright|Dark)Corner|\([+-]\)\S+|(?:Negative|Positive)Control"
)
#: Probes of methylation arrays that measure genotypes or controls; RS1 is a gene.
_GENOTYPES = re.compile(r"(?:rs\d{4,}|nv[-.][\w.-]+|ctl_\w+)(?:_[TB][CO]\d+)?")
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
    r"(?:(?:patient|subject|case|sample|study|series|scan|lesion|accession|hospital|record)"
    r"[ _.-]?(?:ids?|name|number|no|nr|code|barcode|identifier)"
    r"|(?:\w*[ _.-])?(?:(?:study|series|sop|frame|instance|image|patient)[ _.-]?)*uid"
    r"|(?:\w*[ _.-])?(?:uuid|guid|mrn)"
    r"|patient|subject|barcode|bcr_patient_barcode|(?:case_)?submitter_id"
    r"|accession(?:[ _.-]?number)?)(?:[ _.]\d+)?",
    re.IGNORECASE,
)
_DATES = re.compile(
    r"(?:\w*[ _.-])?"
    r"(?:study|scan|series|acquisition|birth|death|diagnosis|exam|image|content|visit)?"
    r"[ _.-]?(?:date|datetime|timestamp)(?:[ _.-]of[ _.-]\w+)?",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")
_UID = re.compile(r"\d+(?:\.\d+){4,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

SUMMARY = "summary rows of a read counter, not genes"
CONTROL = "controls of the array or added to the sample, not genes"
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


def named_otherwise(
    table: pd.DataFrame,
    kind: str,
    clinical: Collection[str] = (),
    outcomes: Collection[str] = (),
    kept: Collection[str] = (),
) -> dict[str, str]:
    """Columns of a layer (patients x features) that are no features by name or words, and why.

    ``clinical``, ``outcomes``: names of clinical columns, and of those of endpoints; ``kept``:
    columns that are features.
    """
    row = KINDS[kind]
    doubtful = [name for name in table.columns if name not in kept]
    reasons = _by_name(doubtful, row)
    ends = {name.lower() for name in outcomes}
    others = {_squeezed(name): name.lower() in ends for name in clinical} if row.image else {}
    words = table.columns[[dtype != np.float64 for dtype in table.dtypes]]
    told = {name: _description(name, table[name]) for name in doubtful} if row.radiomic else {}
    told |= {n: told.get(n) or _by_words(table[n]) for n in words if n not in kept}
    reasons = {name: reason for name, reason in told.items() if reason} | reasons
    for name in doubtful:
        # A gene may well have the name of a clinical column, but not of an endpoint's.
        outcome = others.get(_squeezed(name)) if others else None
        if outcome or name.lower() in ends:
            reasons[name] = OUTCOME
        # The tumour volume that somebody copied to the clinical table stays known.
        elif outcome is not None and not (row.radiomic and told_by(name).volume):
            reasons.setdefault(name, CLINICAL)
    if row.radiomic:
        rest = [name for name in table.columns if name not in reasons]
        unknown = [name for name in rest if not told_by(name).family]
        if len(rest) - len(unknown) > _MOST * len(rest):
            reasons |= {name: UNNAMED for name in unknown if name not in kept}
    return {name: reasons[name] for name in table.columns if name in reasons}


def _by_name(names: Sequence[str], row: Kind) -> dict[str, str]:
    """What names tell that columns are, but features."""
    rules = [
        (SUMMARY, _SUMMARIES, row.names_genes),
        (CONTROL, _CONTROLS, row.transcriptome),
        (GENOTYPE, _GENOTYPES, row.methylome),
        (IDENTIFIER, _IDENTIFIERS, True),
        (DATE, _DATES, True),
    ]
    reasons: dict[str, str] = {}
    for reason, pattern, asked in rules:
        if asked:
            for name in filter(pattern.fullmatch, names):
                reasons.setdefault(name, reason)
    return reasons


def _by_words(column: pd.Series) -> str:
    """What the cells of a column tell that it is, where all are dates or unique identifiers."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return DATE
    if pd.api.types.is_numeric_dtype(column):
        return ""
    cells = [str(cell).strip() for cell in column.dropna()]
    for pattern, reason in ((_DATE, DATE), (_UID, IDENTIFIER)):
        if cells and all(pattern.fullmatch(cell) for cell in cells):
            return reason
    return ""


def _squeezed(name: object) -> str:
    return re.sub(r"[\W_]+", "", str(name)).lower()


def by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    """Columns of each reason, in their order."""
    grouped: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        grouped.setdefault(reason, []).append(name)
    return grouped
