"""What the sections of a report say: their answers, their caveats."""

from omicsfuse.core.results import RunResults
from omicsfuse.report.page import shown


def summary_sentences(results: RunResults) -> list[str]:
    """Sentences that answer the questions of the sections, in order."""
    return [text for view in shown(results).views(()) for text in view.answer]


def caveats(results: RunResults) -> list[str]:
    """What weakens the answers, in the order of the sections."""
    return [text for view in shown(results).views(()) for text in view.caveats]
