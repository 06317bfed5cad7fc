"""Sphinx configuration: Markdown pages, and an API reference from the docstrings."""

from __future__ import annotations

import partita

project = "Partita"
author = "The Partita developers"
copyright = "2026, The Partita developers"
version = release = partita.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]
templates_path = ["_templates"]
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say more
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "furo"
html_title = f"Partita {release}"
html_static_path = ["_static"]
html_copy_source = False
