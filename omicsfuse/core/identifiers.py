"""Patient identifiers: TCGA barcodes are brought to the patient; all others are taken as they are.

A TCGA barcode such as ``TCGA-BA-4074-01A-31R-1436-07`` names a patient (``TCGA-BA-4074``), a
sample type (``01``: primary tumour), a vial (``A``), a portion and analyte, a plate and a centre.
Codes: https://gdc.cancer.gov/resources-tcga-users/tcga-code-tables/sample-type-codes
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from omicsfuse.core.checks.tables import count, listed
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.layers import Exclusion

_BARCODE = re.compile(
    r"(TCGA)[-.]([A-Z0-9]{2})[-.]([A-Z0-9]{4})(?:[-.](\d{2})([A-Z]?)((?:[-.][A-Z0-9]+)*))?",
    re.IGNORECASE,
)

#: Sample types of tumours, the preferred one first: primary solid, primary blood, additional
#: primary, primary marrow, recurrent solid and blood, metastatic, and the rest.
TUMOUR_PREFERENCE = ("01", "03", "05", "09", "02", "04", "06", "07", "08", "40")


#: Share of barcodes from which on names are meant as barcodes.
MOSTLY_BARCODES = 0.8


@dataclass(frozen=True)
class Resolved:
    """The positions of the rows to keep, the patient of each, and the samples left out."""

    positions: tuple[int, ...]
    patients: tuple[str, ...]
    exclusions: tuple[Exclusion, ...] = ()


def is_barcode(identifier: str) -> bool:
    """Whether this is a TCGA barcode from the patient on, also with R's points for hyphens."""
    return _BARCODE.fullmatch(identifier.strip()) is not None


def patient_of(identifier: str) -> str:
    """Shorten a TCGA barcode to its patient, in capitals; return any other identifier as it is."""
    match = _BARCODE.fullmatch(identifier.strip())
    return "-".join(match.groups()[:3]).upper() if match else identifier


def resolve_identifiers(identifiers: Sequence[str], layer: str = "") -> Resolved:
    """Bring the identifiers of a table to patients, one sample a patient.

    Of TCGA barcodes samples that are no tumours are left out, and of several the first of
    ``TUMOUR_PREFERENCE``, then vial, then the highest portion and plate are kept (the Broad
    Institute's rule). Other identifiers are taken as they are, with a warning where they are fewer;
    where they are more than half, all are.
    """
    names = [str(identifier).strip() for identifier in identifiers]
    foreign = [i for i, name in enumerate(names) if not is_barcode(name)]
    if 2 * len(foreign) > len(names):
        return Resolved(tuple(range(len(names))), tuple(names))
    _warn_of_foreign(names, foreign, layer)
    normal = [i for i, name in enumerate(names) if i not in set(foreign) and not _is_tumour(name)]
    tumours = [i for i, name in enumerate(names) if _is_tumour(name)]
    best: dict[str, str] = {}
    # Two passes of a stable order: the last aliquot first, then the preferred type and vial.
    for name in sorted(sorted({names[i] for i in tumours}, reverse=True), key=_preference):
        best.setdefault(patient_of(name), name)
    others = [i for i in tumours if names[i] != best[patient_of(names[i])]]
    left_out = {*normal, *others}
    kept = [i for i in range(len(names)) if i not in left_out]
    exclusions = []
    for places, reason in (
        (normal, "not a tumour sample (normal tissue, control, cell line or xenograft)"),
        (others, "further sample of a patient: primary tumour, first vial, last aliquot kept"),
    ):
        if places:
            # Sorted, so that the order of rows cannot change them.
            examples = tuple(sorted(names[i] for i in places)[:5])
            exclusions.append(Exclusion("read", layer, "samples", len(places), reason, examples))
    return Resolved(tuple(kept), tuple(patient_of(names[i]) for i in kept), tuple(exclusions))


def patients_of(names: pd.Index) -> pd.Index:
    """Patients of all identifiers."""
    return pd.Index([patient_of(str(name)) for name in names])


def to_patients(
    table: pd.DataFrame, name: str, file: str, exclusions: list[Exclusion]
) -> pd.DataFrame:
    """Bring the rows of a table to patients."""
    resolved = resolve_identifiers(list(table.index), name)
    if len(table) and not resolved.positions:
        raise CohortError(
            f'"{name}" ({file}): none of its {len(table)} samples is a tumour sample (e.g. '
            f"{listed(table.index, 3)}): expected TCGA sample types 01 to 09 or 40."
        )
    exclusions += resolved.exclusions
    if len(resolved.positions) < len(table):
        table = table.iloc[list(resolved.positions)]
    return table.set_axis(pd.Index(resolved.patients, name="patient"))


def _warn_of_foreign(names: Sequence[str], foreign: Sequence[int], layer: str) -> None:
    """Name the few identifiers among barcodes that are none."""
    samples = any(patient_of(name) != name for name in names)
    if not foreign or not samples:
        return
    head = f'"{layer}": ' if layer else ""
    shown = ", ".join(f'"{names[i]}" (number {i + 1})' for i in foreign[:5])
    more = f" and {len(foreign) - 5} more" if foreign[5:] else ""
    warnings.warn(
        f"{head}{len(names) - len(foreign)} of {count(len(names), 'identifier')} are TCGA barcodes "
        f"and were brought to patients, but not {shown}{more}, taken as written. Remove what is no "
        "patient.",
        OmicsfuseWarning,
        stacklevel=4,
    )


def _is_tumour(barcode: str) -> bool:
    """Whether a barcode names a tumour sample, or a patient without saying which sample."""
    match = _BARCODE.fullmatch(barcode)
    return match is not None and (match.group(4) is None or match.group(4) in TUMOUR_PREFERENCE)


def _preference(barcode: str) -> tuple[int, str]:
    """Rank of the sample type, then the vial; a barcode without either comes last."""
    match = _BARCODE.fullmatch(barcode)
    if match is None or match.group(4) is None:
        return len(TUMOUR_PREFERENCE), ""
    return TUMOUR_PREFERENCE.index(match.group(4)), match.group(5).upper()
