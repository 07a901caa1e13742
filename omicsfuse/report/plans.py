"""A figure to be drawn, and a figure on the page."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup


@dataclass(frozen=True)
class FigureView:
    """A figure on the page: which section it belongs to, its title, its caption, its element."""

    section: str
    caption: str
    markup: Markup
    title: str = ""


@dataclass(frozen=True)
class Plan:
    """A figure to be drawn: file name, section, title, caption, how; heatmaps go in as images."""

    name: str
    section: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Any]
    image: bool = False


def file_name(*parts: str) -> str:
    """Name of a figure's file: letters, digits, dashes and underscores only.

    Examples
    --------
    >>> from omicsfuse.report.plans import file_name
    >>> file_name("kaplan_meier", "os / any cause")
    'kaplan_meier_os_any_cause'
    """
    return "_".join(re.sub(r"[^A-Za-z0-9_-]+", "_", part).strip("_")[:60] for part in parts)
