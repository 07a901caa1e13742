"""The report: results of a run as one self-contained HTML file."""

from omicsfuse.report.interpretation_page import write_interpretation_report
from omicsfuse.report.render import write_report

__all__ = ["write_interpretation_report", "write_report"]
