"""The directive `api`: a table of names, and below it the docstring of each.

    .. api:: omicsfuse

       read_cohort
       Cohort

Entries are on the page that names them, so that no files need be generated for them.
"""

import inspect
from importlib import import_module

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def lines(module: str, names: list[str]) -> list[str]:
    """The reStructuredText that the names of a module stand for."""
    said = [f".. currentmodule:: {module}", "", ".. autosummary::", ""]
    said += [f"   {name}" for name in names]
    for name in names:
        found = getattr(import_module(module), name)
        if inspect.isclass(found):
            kind = "exception" if issubclass(found, Exception) else "class"
            said += ["", f".. auto{kind}:: {name}", "   :members:"]
        else:
            said += ["", f".. auto{'function' if callable(found) else 'data'}:: {name}"]
    return [*said, ""]


class Api(SphinxDirective):
    """Names of the module in the argument, one a line."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse what the names stand for."""
        source = self.get_source_info()[0]
        held = nodes.container()
        text = lines(self.arguments[0], [name for name in self.content if name.strip()])
        self.state.nested_parse(StringList(text, source=source), self.content_offset, held)
        return held.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("api", Api)
    return {"parallel_read_safe": True}
