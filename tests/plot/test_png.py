"""Own PNG files hold the pixels that matplotlib draws, and say how many make an inch."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from omicsfuse.plot.png import Pixels


@pytest.mark.parametrize("size", [(3.0, 2.0), (0.51, 1.33)])
def test_pixels_are_those_that_matplotlib_would_save(size: tuple[float, float]) -> None:
    figure = Figure(figsize=size, facecolor="white")
    figure.subplots().imshow(np.random.default_rng(0).normal(size=(7, 9)), alpha=0.6)
    expected, pixels = io.BytesIO(), Pixels()
    figure.savefig(expected, format="png", dpi=150)
    figure.savefig(pixels, format="raw", dpi=150)
    content = pixels.png(150)
    image = Image.open(io.BytesIO(content))
    image.load()
    assert np.array_equal(image, Image.open(expected).convert("RGB"))
    assert image.mode == "RGB"
    assert image.info["dpi"] == pytest.approx((150, 150), abs=0.02)
    # Each chunk has the checksum that readers look at.
    Image.open(io.BytesIO(content)).verify()
    # Uncompressed, and one byte a row for the filter, it would be larger.
    assert len(content) < image.width * image.height * 3


def test_what_is_transparent_is_shown_on_white() -> None:
    figure = Figure(figsize=(1, 1))
    ax = figure.subplots()
    figure.patch.set_alpha(0)
    ax.set_axis_off()
    ax.set_position((0, 0, 1, 1))
    ax.axhspan(0, 1, color="red", alpha=0.2)
    pixels = Pixels()
    figure.savefig(pixels, format="raw", dpi=50)
    with Image.open(io.BytesIO(pixels.png(50))) as image:
        assert image.getpixel((25, 25)) == (255, 204, 204)
