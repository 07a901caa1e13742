"""The site: `make docs` builds it into build/docs, a test builds it in a quick form.

The source folder is the checkout, not this folder, so that one relative link between README, docs,
notebooks and LICENSE works here, on a code host and in an editor. Nothing is fetched at build time.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]  # this checkout; the extensions here

import omicsfuse  # noqa: E402

project = "omicsfuse"
author = copyright = "the omicsfuse developers"
version = release = omicsfuse.__version__

extensions = [
    "numpydoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.autodoc",
    "myst_nb",
    "api_directive",
    "mathml",
]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**", "notebooks/*.ipynb"]
exclude_patterns = [".*", "build", "dist", "demo", "benchmarks", "omicsfuse", "tests"]

# Pages. The notebooks keep their saved pictures.
myst_heading_anchors = 3
# Sphinx puts ``tags`` into the names of this file.
nb_execution_mode = "off" if globals()["tags"].has("quick") else "cache"
nb_execution_cache_path = str(HERE.parent / "build" / "gallery")
nb_execution_excludepatterns = ["notebooks/*"]
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_execution_in_temp = True  # pages write files
nb_merge_streams = True  # what a cell prints is one block

# The API. Attributes stand in the docstrings of classes.
autosummary_generate = False
numpydoc_show_class_members = False
autodoc_typehints = "none"
# scikit-learn writes these into every estimator, with links into its own site.
autodoc_default_options = {
    "exclude-members": ", ".join(
        f"set_{name}_request" for name in ("fit", "predict", "predict_proba", "score", "transform")
    )
}

# HTML
highlight_language = "none"  # of a block that names no language
html_theme = "pydata_sphinx_theme"
html_title = f"omicsfuse {version}"
html_additional_pages = {"index": "to_index.html"}
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_sidebars = {"README": [], "docs/reference": []}  # no other page is in their section
templates_path = ["templates"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "omicsfuse"},
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
