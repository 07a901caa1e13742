"""The report opened in headless Chromium: everything rendered, nothing wider than the screen."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

_MEASURE = """
<script>
addEventListener("load", () => {
  const images = [...document.images];
  const text = [...document.querySelectorAll("p, li, h1, h2, figcaption, caption, summary")];
  const seen = {
    overflow: document.documentElement.scrollWidth - innerWidth,
    broken: images.filter((image) => !image.naturalWidth).length,
    images: images.length,
    drawings: [...document.querySelectorAll("figure svg")].map(
      (svg) => Math.round(svg.getBoundingClientRect().width)),
    wide: text.filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
      .map((e) => e.textContent.slice(0, 40)),
    width: innerWidth,
    scrolling: [...document.querySelectorAll(".frame")].filter(
      (frame) => frame.scrollWidth > frame.clientWidth + 1).length,
  };
  const out = document.createElement("pre");
  out.id = "measured";
  out.textContent = JSON.stringify(seen);
  document.body.append(out);
});
</script>
"""


def chromium(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += [
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}",
        "--enable-logging=stderr",
    ]
    return subprocess.run(
        [CHROMIUM, *flags, *arguments], capture_output=True, text=True, timeout=60, check=True
    )


@pytest.fixture(scope="module")
def report(full_report, tmp_path_factory) -> Path:
    copy = tmp_path_factory.mktemp("browser") / "report.html"
    copy.write_bytes((full_report / "report.html").read_bytes())
    return copy


def framed(report: Path, width: int) -> Path:
    """A copy of the report that measures itself, in a frame as wide as a small screen."""
    source = report.read_text(encoding="utf-8")
    source = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", source)
    copy = report.with_name(f"measured_{width}.html")
    copy.write_text(source.replace("</body>", f"{_MEASURE}</body>"), encoding="utf-8")
    # A headless window cannot be narrower than 500 pixels; a frame can.
    frame = report.with_name(f"frame_{width}.html")
    frame.write_text(
        "<!DOCTYPE html><title>frame</title>"
        f'<iframe id="f" src="{copy.name}" style="width:{width}px;height:800px;border:0"></iframe>'
        "<script>addEventListener('load', () => setTimeout(() => {"
        "document.body.append(document.getElementById('f').contentDocument"
        ".getElementById('measured').cloneNode(true)); }, 50));</script>",
        encoding="utf-8",
    )
    return frame


@pytest.mark.parametrize("width", [400, 1280])
def test_page_fits_and_everything_is_rendered(report, tmp_path, width):
    frame = framed(report, width)
    done = chromium(
        tmp_path,
        "--allow-file-access-from-files",
        f"--window-size={max(width, 500) + 40},900",
        "--virtual-time-budget=3000",
        "--dump-dom",
        frame.as_uri(),
    )
    found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-500:]
    seen = json.loads(
        found.group(1).replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
    )
    assert seen["width"] == width
    assert seen["overflow"] <= 0
    assert seen["wide"] == []
    assert seen["images"] == 3
    assert seen["broken"] == 0
    # Figures in folded parts have no width yet; those that are seen are never cut.
    assert seen["scrolling"] == 0
    assert len(seen["drawings"]) == 23
    assert min(seen["drawings"]) > 200


def test_page_opens_without_console_messages(report, tmp_path):
    picture = tmp_path / "page.png"
    done = chromium(tmp_path, "--window-size=1280,2000", f"--screenshot={picture}", report.as_uri())
    assert "CONSOLE" not in done.stderr
    assert picture.stat().st_size > 50_000


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_methods_are_printed_and_other_folded_parts_are_not(report, tmp_path):
    paper = tmp_path / "page.pdf"
    chromium(tmp_path, f"--print-to-pdf={paper}", "--no-pdf-header-footer", report.as_uri())
    text = subprocess.run(
        ["pdftotext", "-layout", str(paper), "-"], capture_output=True, text=True, check=True
    ).stdout
    after = text[text.index("Text for a manuscript, with references.") :]
    assert "Computed with omicsfuse, seed 0" in after
    assert "References" in after
    assert "words taken as missing" not in text
