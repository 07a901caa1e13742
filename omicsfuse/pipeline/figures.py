"""``[figures]`` of a study file: how the figures of the report are saved."""

from typing import Annotated

from pydantic import Field, model_validator

from omicsfuse.core.errors import StudyError
from omicsfuse.pipeline.keys import Table
from omicsfuse.plot.colours import DEFAULT_PALETTE
from omicsfuse.plot.saving import FigureOptions


class FigureSettings(Table):
    """``[figures]``: formats, dots per inch, a factor on the size, and colours of the subtypes."""

    format: tuple[str, ...] = ("svg", "png")
    dpi: Annotated[int, Field(strict=True)] = 300
    size: float = 1.0
    palette: str | tuple[str, ...] = DEFAULT_PALETTE

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "FigureSettings":
        try:
            self.options()
        except StudyError as error:
            raise ValueError(str(error)) from None
        return self

    def options(self) -> FigureOptions:
        """Return the same as what the report takes."""
        return FigureOptions(self.format, self.dpi, self.size, self.palette)
