"""The last sections of a page: warnings, settings, versions and input."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean
from omicsfuse.report.section import Content, Section
from omicsfuse.report.tables import Table, flatten, make_table


def warnings_content(warnings: Sequence[str]) -> Content:
    """List all warnings."""
    return Content("Warnings", notes=tuple(clean(text) for text in warnings), whole=True)


def _warnings(results: RunResults) -> Content:
    if results.warnings:
        return warnings_content(results.warnings)
    return Content("Warnings", ("The run gave no warnings.",))


def provenance_tables(record: Mapping[str, Any]) -> tuple[Table, ...]:
    """Settings, versions of software and digests of input, where known."""
    headings = (
        ("settings", "setting", "value", "Settings, including defaults."),
        ("versions", "software", "version", "Software."),
        ("inputs", "file", "SHA-256", "Input files."),
    )
    tables = []
    for key, first, second, caption in headings:
        values = record.get(key)
        if isinstance(values, Mapping) and values:
            frame = pd.DataFrame(flatten(dict(values)), columns=[first, second])
            tables.append(make_table(frame, [first, second], caption))
    return tuple(table for table in tables if table is not None)


def _provenance(results: RunResults) -> Content:
    text = (
        "The same study file, input, seed and software versions give this report again, byte for "
        "byte. run.json also records the time of each stage."
    )
    record = {**results.provenance, "settings": results.settings}
    return Content("Settings, versions and input", (text,), details=provenance_tables(record))


WARNINGS = Section("warnings", _warnings)
PROVENANCE = Section("provenance", _provenance)
