"""Broad Firehose: a second header row says what each column holds; clinical tables lie on a side.

Format: https://broadinstitute.atlassian.net/wiki/spaces/GDAC/pages/844333156/FAQ
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.delimited import Plan
from omicsfuse.io.files.text import Reading, Text
from omicsfuse.io.layouts import plain
from omicsfuse.io.layouts.base import ORIENTATIONS, Arranged, Layout, Wanted

#: First cells of the second header row.
_SECOND = ("gene_id", "composite element ref", "gene", "mirna_id", "probe", "genes", "isoform_id")
#: What is read where a file holds several columns a sample, the first that it has.
_VALUES = ("normalized_count", "raw_count", "reads_per_million_mirna_mapped", "beta_value")


def _recognises(text: Text, wanted: Wanted) -> bool:
    first, second = [*text.lines, "", ""][:2]
    begins = second.partition("\t")[0].strip().lower()
    return first.lower().startswith("hybridization ref\t") and begins in _SECOND


def _plan(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    """Read one column a sample: the value asked for, the only one, or the usual one."""
    holds = [cell.strip() for cell in text.lines[1].split("\t")]
    value = _value(list(dict.fromkeys(holds[1:])), wanted.column, text.path)
    columns = frozenset(i for i, cell in enumerate(holds) if not i or cell == value)
    note = "" if value == "value" else f'column "{value}" of each sample'
    return Plan("\t", skipped=frozenset([1]), columns=columns, notes=(note,) if note else ())


def _value(names: list[str], asked: str, path: Path) -> str:
    by_word = {name.lower(): name for name in names}
    if asked and asked not in names:
        raise CohortError(
            f'{path.name}: column = "{asked}" is asked for, and no sample has it; '
            f"{did_you_mean(asked, names)}."
        )
    if asked or len(names) == 1:
        return asked or names[0]
    usual = next((by_word[word] for word in _VALUES if word in by_word), "")
    if not usual:
        raise CohortError(
            f"{path.name} holds several columns a sample ({', '.join(names[:6])}); say which one "
            f'is meant: column = "{names[0]}".'
        )
    return usual


def _arrange(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Write barcodes in capitals: clinical tables have them in small letters."""
    arranged = plain.arrange(table, wanted, path)
    arranged.table.index = arranged.table.index.str.upper().rename("patient")
    return arranged


_BARCODES = "patient.bcr_patient_barcode"


def _is_merged_clinical(text: Text, wanted: Wanted) -> bool:
    return wanted.label == "clinical" and f"\n{_BARCODES}\t".encode() in text.content


def _plan_merged(text: Text, reading: Reading, wanted: Wanted) -> Plan:
    return Plan("\t")


def _arrange_merged(table: pd.DataFrame, wanted: Wanted, path: Path) -> Arranged:
    """Take patients from the row of barcodes; the header is a row like the others."""
    body = table.set_axis(range(table.shape[1]), axis=1).astype(object)
    body.loc[-1] = list(table.columns)
    body = body.sort_index().set_index(0)
    wide = body.T.infer_objects().rename_axis(columns=None)
    barcodes = wide.pop(_BARCODES).astype(str).str.upper()
    wide.insert(0, _BARCODES, barcodes)
    wide = wide.apply(plain.numbers_if_all)
    return plain.arrange(wide, replace(wanted, orientation=ORIENTATIONS[0]), path)


FIREHOSE_MERGED = Layout(
    "firehose_clinical",
    "Broad Firehose, merged clinical table",
    _is_merged_clinical,
    _arrange_merged,
    _plan_merged,
    ORIENTATIONS[1],
)
FIREHOSE = Layout("firehose", "Broad Firehose", _recognises, _arrange, _plan, ORIENTATIONS[1])
