"""A figure to be drawn, and a figure on the page."""

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
