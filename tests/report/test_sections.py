"""Sections carry all that the page shows of them, and the page is made of those in its tuple."""

import ast
import importlib
import pkgutil
from functools import partial
from pathlib import Path

import pytest
from synthetic_results import make_results

from omicsfuse.core.results import RunResults
from omicsfuse.plot.canvas import nothing
from omicsfuse.report import page, sections, write_report
from omicsfuse.report.references import SHARED, Citations
from omicsfuse.report.section import Content, Page, Plan, Section, file_name

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(sections.__path__, f"{sections.__name__}.")
]


def literals(node: ast.AST) -> list[str]:
    return [
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]


def test_every_section_is_in_the_tuple_once() -> None:
    written = [one for module in MODULES for one in vars(module).values() if type(one) is Section]
    assert len(written) > 15
    names = [section.name for section in page.SECTIONS]
    assert len(names) == len(set(names))
    assert all(any(one is listed for listed in page.SECTIONS) for one in written)


def test_a_reference_stands_once_and_is_cited_where_it_stands() -> None:
    keys = [*SHARED, *(key for section in page.SECTIONS for key in section.references)]
    assert len(keys) == len(set(keys))
    assert set(keys) == set(page.references())
    for module in [*MODULES, page]:
        cited: set[str] = set()
        own: set[str] = set()
        for node in ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "REFERENCES":
                own |= {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
            else:
                cited |= set(literals(node))
        assert own <= cited, f"{module.__name__}: {own - cited} cited nowhere"


@pytest.mark.parametrize("k", [1, 3])
def test_what_is_cited_is_known_and_numbered(k: int) -> None:
    results = make_results(k, competing=k > 1)
    cite = Citations()
    for section in page.SECTIONS:
        before = set(cite.keys)
        assert all(isinstance(text, str) for text in section.methods(results, cite))
        new = set(cite.keys) - before
        assert new <= {*section.references, *SHARED}, section.name
    paragraphs, references = page.methods_text(results)
    assert len(references) == len(cite.keys)
    assert f"[{len(references)}]" in paragraphs[-1]


def added() -> Section[RunResults]:
    """A section with one of everything."""

    def methods(results: RunResults, cite: Citations) -> list[str]:
        return [f"It was added {cite('added')}."]

    return Section(
        "added",
        lambda results: Content("An added section", ("Its sentence.",)),
        lambda results: [
            Plan("added", "Its figure", "Its caption.", "Its text.", partial(nothing, "none"))
        ],
        methods,
        {"added": "Author A. A reference that was added."},
        lambda results: ["Its summary."],
        lambda results: ["Its caveat."],
        on_subtypes=True,
    )


def test_a_section_in_the_tuple_is_on_the_page(tmp_path, monkeypatch) -> None:
    results = make_results(verdict="not tested", with_external=False)
    plans = Page.plans
    monkeypatch.setattr(page, "SECTIONS", (*page.SECTIONS, added()))
    # The other figures take their time.
    monkeypatch.setattr(Page, "plans", lambda self: [p for p in plans(self) if p.name == "added"])
    write_report(results, tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    start = text.index('<section id="added">')
    added_files = {path.name for path in (tmp_path / "figures").glob("added*")}
    assert added_files == {"added.svg", "added.png"}
    for said in (
        "Exploratory: the existence",
        "Its sentence.",
        'aria-label="Its text."',
        "Its caption.",
    ):
        assert said in text[start:]
    # The answer and what weakens it come before the figure; the rest is folded.
    places = ["Its summary.", "Its caveat.", 'aria-label="Its text."', "<details", "Its sentence."]
    assert sorted(places, key=lambda said: text.index(said, start)) == places
    assert '<a href="#added">An added section</a>' in text[:start]
    number = len(page.methods_text(results)[1])
    assert f"It was added [{number}]." in text
    assert "<li>Author A. A reference that was added.</li>" in text


def test_only_sections_with_something_to_show_are_drawn() -> None:
    plan = Plan("figure", "", "", "", nothing)
    hidden = Section[None]("hidden", figures=lambda _: [plan])
    several = Section[None](
        "several",
        parts=lambda _: [
            Section(name, lambda _: Content("Part"), lambda _: [plan]) for name in "ab"
        ],
    )
    made = Page.of([hidden, several], None)
    assert [made_of.section for made_of in made.plans()] == ["a", "b"]
    assert [(view.anchor, view.mark) for view in made.views((), "Marked")] == [("a", ""), ("b", "")]


def test_file_names() -> None:
    assert file_name("kaplan_meier", "os / any cause") == "kaplan_meier_os_any_cause"
