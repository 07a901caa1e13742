"""The layouts that are recognised, one file a source; the first that recognises a file reads it."""

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.errors import CohortError
from omicsfuse.io.files.text import Text
from omicsfuse.io.layouts.base import Layout, Wanted
from omicsfuse.io.layouts.captk import CAPTK_LONG, CAPTK_WIDE
from omicsfuse.io.layouts.cbioportal import CBIOPORTAL
from omicsfuse.io.layouts.cgita import CGITA
from omicsfuse.io.layouts.counts import FEATURE_COUNTS, MERGED
from omicsfuse.io.layouts.firehose import FIREHOSE, FIREHOSE_MERGED
from omicsfuse.io.layouts.gct import GCT
from omicsfuse.io.layouts.geo import GEO
from omicsfuse.io.layouts.gistic import GISTIC
from omicsfuse.io.layouts.lifex import LIFEX
from omicsfuse.io.layouts.mirp import MIRP
from omicsfuse.io.layouts.others import OTHER
from omicsfuse.io.layouts.plain import PLAIN
from omicsfuse.io.layouts.radiomics import PYRADIOMICS
from omicsfuse.io.layouts.samples import ONE_SAMPLE

#: Every layout, the most particular first; a plain table is what is left.
LAYOUTS: tuple[Layout, ...] = (
    GEO,
    GCT,
    FIREHOSE,
    FIREHOSE_MERGED,
    OTHER,
    GISTIC,
    CBIOPORTAL,
    FEATURE_COUNTS,
    MERGED,
    ONE_SAMPLE,
    CAPTK_LONG,
    CAPTK_WIDE,
    CGITA,
    LIFEX,
    MIRP,
    PYRADIOMICS,
    PLAIN,
)


def layout_of(text: Text, wanted: Wanted, name: str = "") -> Layout:
    """The layout by name, or the first that recognises a text."""
    # Version 0.1 had "radiomics" for tables of PyRadiomics.
    if name in ("", "auto", "radiomics"):
        return next(layout for layout in LAYOUTS if layout.recognises(text, wanted))
    by_name = {layout.name: layout for layout in LAYOUTS}
    if name not in by_name:
        raise CohortError(f'format = "{name}" is not known; {did_you_mean(name, by_name)}.')
    return by_name[name]


__all__ = ["LAYOUTS", "layout_of"]
