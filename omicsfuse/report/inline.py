"""Figures as parts of a page: SVG elements with names of their own, PNG as data."""

import base64
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup, escape

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
#: An SVG may shrink to this share of its width; below, it scrolls, so that text stays legible.
_SMALLEST = 0.72


def inline_svg(path: Path, alt: str) -> Markup:
    """Turn an SVG file of matplotlib into an element for a page.

    Identifiers get the file's name in front, so that figures on one page do not borrow one
    another's clips and markers; namespaces, metadata and comments go; the alternative text
    becomes the element's title. Everything is parsed and written anew, so that text from data
    stays escaped.
    """
    root = ElementTree.fromstring(path.read_bytes())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{_SVG}metadata", f"{_SVG}style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        element.attrib = {
            name.removeprefix(_XLINK): _prefixed(name.removeprefix(_XLINK), value, path.stem)
            for name, value in element.attrib.items()
        }
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    pixels = width * 4 / 3
    root.attrib = {
        "viewBox": f"0 0 {width:g} {height:g}",
        "width": f"{pixels:.0f}",
        "height": f"{height * 4 / 3:.0f}",
        "style": f"min-width:{pixels * _SMALLEST:.0f}px",
        "role": "img",
        "aria-label": alt,
        # What matplotlib says in a style sheet, which would reach other elements of the page.
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    return Markup(ElementTree.tostring(root, encoding="unicode", short_empty_elements=False))


def _prefixed(name: str, value: str, prefix: str) -> str:
    """Put a prefix before an identifier, and before every reference to one."""
    if name == "id":
        return f"{prefix}-{value}"
    if name == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    return value.replace("url(#", f"url(#{prefix}-")


def inline_png(path: Path, alt: str) -> Markup:
    """Turn a PNG file into an image element that holds its data."""
    data = path.read_bytes()
    # Width and height stand in the header: given to the browser, the page does not jump.
    width, height = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
    source = base64.b64encode(data).decode("ascii")
    return Markup('<img alt="{}" src="data:image/png;base64,{}" width="{}" height="{}">').format(
        escape(alt), source, width // 2, height // 2
    )
