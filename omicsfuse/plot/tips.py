"""Texts that a page shows where the pointer rests on a mark of a figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

#: Rows of texts: dots have a single row, an image has a row for each of its own.
Tips = Sequence[Sequence[str]]

_TIPS: "WeakKeyDictionary[Artist, Tips]" = WeakKeyDictionary()


def tell(artist: "Artist", texts: Tips) -> None:
    """Keep texts of an artist's marks: of dots in their order, of an image by row and column."""
    _TIPS[artist] = texts


def told(figure: "Figure") -> dict[str, Tips]:
    """Name the artists of a figure that have texts, and give these by the names."""
    artists = [artist for artist in _TIPS if artist.get_figure(root=True) is figure]
    for number, artist in enumerate(artists):
        artist.set_gid(f"tips-{number}")
    return {f"tips-{number}": _TIPS[artist] for number, artist in enumerate(artists)}
