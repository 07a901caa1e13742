"""Figures as parts of a page: SVG elements with names of their own, PNG as data."""

import base64
import re
from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from markupsafe import Markup, escape

from omicsfuse.plot.tips import Tips

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
#: Pixels of the page that an inch of an image takes.
_PIXELS = 85
#: On a wide screen an SVG shrinks to this share of its width at most, so that text stays legible.
_SMALLEST = 0.72
#: A reference to another element: in a link, or in any other attribute.
_LINK, _ADDRESS = re.compile(r"^#(.+)"), re.compile(r"url\(#([^)\s]+)")
#: Attributes that hold coordinates, in points: two decimals are less than a dot of any printer.
_COORDINATES = {"d", "x", "y", "width", "height", "points"}
_DECIMALS = re.compile(r"(-?\d+\.\d{2})\d+")


def inline_svg(
    content: bytes, alt: str, number: int = 0, tips: Mapping[str, Tips] | None = None
) -> Markup:
    """Turn an SVG of matplotlib into an element for a page.

    Elements that others refer to are named anew with the number of the figure in front, so that
    figures on one page do not borrow one another's clips and markers; namespaces, metadata and
    comments go; the alternative text becomes the element's label; coordinates have two decimals;
    ``tips`` are texts for the marks of the artists named, which a browser shows below the pointer.
    Everything is parsed and written anew, so that text from data stays escaped.
    """
    root = ElementTree.fromstring(content)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{_SVG}metadata", f"{_SVG}style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        element.attrib = {key.removeprefix(_XLINK): v for key, v in element.attrib.items()}
    for parent in list(root.iter()):
        for child in list(parent):
            if texts := (tips or {}).get(child.get("id", "")):
                _add_tips(parent, child, texts)
    used = dict.fromkeys(
        name
        for element in root.iter()
        for key, value in element.attrib.items()
        for name in (_LINK if key == "href" else _ADDRESS).findall(value)
    )
    names = {name: f"f{number}-{place:x}" for place, name in enumerate(used)}
    for element in root.iter():
        _rename(element.attrib, names)
        for key in _COORDINATES & element.attrib.keys():
            element.attrib[key] = _DECIMALS.sub(r"\1", element.attrib[key])
    width, height = (float(size) for size in root.attrib["viewBox"].split()[2:])
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


def _add_tips(parent: Element, marks: Element, texts: Tips) -> None:
    """Put a title into each dot, or one over each cell of an image."""
    if marks.tag != "image":
        dots = list(marks.iter("use"))
        if len(dots) == len(texts[0]):
            for dot, text in zip(dots, texts[0], strict=True):
                SubElement(dot, "title").text = text
        return
    # The image hangs upside down from its transform: the first row is the last one upwards.
    x, y, width, height = (float(marks.get(key, 0)) for key in ("x", "y", "width", "height"))
    high, wide = height / len(texts), width / len(texts[0])
    cells = SubElement(parent, "g", {"transform": marks.get("transform", ""), "fill-opacity": "0"})
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            place = {"x": x + j * wide, "y": y + height - (i + 1) * high}
            size = {"width": wide, "height": high}
            cell = {key: f"{value:.2f}" for key, value in {**place, **size}.items()}
            SubElement(SubElement(cells, "rect", cell), "title").text = text


def _rename(attributes: dict[str, str], names: Mapping[str, str]) -> None:
    """Give an element and what it refers to their new names; a name nobody uses goes."""
    if (own := attributes.pop("id", "")) in names:
        attributes["id"] = names[own]
    for key, value in attributes.items():
        if "#" in value:
            attributes[key] = (_LINK if key == "href" else _ADDRESS).sub(
                lambda found: found[0].replace(found[1], names[found[1]]), value
            )


def inline_png(data: bytes, dpi: float, alt: str) -> Markup:
    """Turn a PNG of so many dots per inch into an image element that holds its data."""
    # Width and height stand in the header: given to the browser, the page does not jump.
    width, height = (int.from_bytes(data[start : start + 4], "big") for start in (16, 20))
    source = base64.b64encode(data).decode("ascii")
    return Markup('<img alt="{}" src="data:image/png;base64,{}" width="{}" height="{}">').format(
        escape(alt), source, round(width * _PIXELS / dpi), round(height * _PIXELS / dpi)
    )
