"""The sections of the report, one file or folder each; ``report.page`` has them in order."""
