"""The report: results of a run as one self-contained HTML file."""

from omicsfuse.report.render import write_report

__all__ = [
    "write_report",
]
