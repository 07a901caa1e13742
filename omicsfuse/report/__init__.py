"""The report: results of a run as one self-contained HTML file."""

from omicsfuse.report.conclusion import summary_record
from omicsfuse.report.render import write_report

__all__ = [
    "summary_record",
    "write_report",
]
