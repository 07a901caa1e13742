"""PNG files: pixels of a figure as bytes, and smaller ones for the page."""

import io
import struct
import zlib
from typing import Any

import numpy as np

#: Colour type "red, green, blue", of 8 bits a channel, in the header of a PNG.
_RGB = 2
#: How far to compress: beyond, files of figures become little smaller and take twice the time.
_LEVEL = 3


class Pixels(io.RawIOBase):
    """A file to save a figure into, in matplotlib's format ``raw``; it keeps the pixels."""

    def write(self, pixels: Any) -> int:
        """Keep pixels (height x width x red, green, blue, opacity) as they are drawn."""
        self.drawn = pixels
        return int(pixels.nbytes)

    def png(self, dpi: float) -> bytes:
        """Encode what was drawn, on a white figure, as a PNG of so many dots per inch.

        Pillow would try five filters on each row, which takes as long as drawing does.
        """
        from PIL import Image

        high, wide, _ = self.drawn.shape
        image = Image.frombuffer("RGBA", (wide, high), self.drawn, "raw", "RGBA", 0, 1)
        if np.asarray(self.drawn)[..., 3].min() < 255:
            # A caller's figure may be transparent: it is shown on white.
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        # Each row begins with the number of its filter: none.
        rows = np.zeros((high, 1 + 3 * wide), np.uint8)
        rows[:, 1:] = np.asarray(image.convert("RGB")).reshape(high, -1)
        metre = round(dpi / 0.0254)
        return b"".join(
            (
                b"\x89PNG\r\n\x1a\n",
                _chunk(b"IHDR", struct.pack(">2I5B", wide, high, 8, _RGB, 0, 0, 0)),
                _chunk(b"pHYs", struct.pack(">2IB", metre, metre, 1)),
                _chunk(b"IDAT", zlib.compress(rows.data, _LEVEL)),
                _chunk(b"IEND", b""),
            )
        )


def _chunk(kind: bytes, content: bytes) -> bytes:
    """One part of a PNG: its length, its kind, its content and their checksum."""
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def smaller_png(content: bytes, dpi: int, most: int = 150) -> tuple[bytes, float]:
    """Make a PNG smaller by a whole factor, to about so many dots per inch; give these too.

    It has 256 colours at most, which heatmaps and their labels can do with.
    """
    from PIL import Image

    factor = round(dpi / most)
    if factor < 2:
        return content, float(dpi)
    target = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").reduce(factor)
        small.quantize(256, dither=Image.Dither.NONE).save(target, format="png")
    return target.getvalue(), dpi / factor
