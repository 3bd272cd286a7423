"""The documentation site: Sphinx reads this file for `make site`."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import schedule_builder
from schedule_builder.rules.pages import SITE

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
REPOSITORY = "https://github.com/schedule-builder/schedule-builder"

project = "schedule-builder"
author = "the schedule-builder authors"
copyright = author  # noqa: A001 - Sphinx's name
version = release = schedule_builder.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

# Anchors of headings as GitHub makes them, so that links work there and here.
myst_heading_anchors = 4

# The lazy public names import their modules, and these import frameworks that no page needs.
autodoc_mock_imports = [
    "jax",
    "keras",
    "matplotlib",
    "numpy",
    "optax",
    "tensorflow",
    "tf_keras",
    "torch",
]
# `LearningRateLog` is of either Keras, with the same words. That of Keras 3 asks for the backend
# when it is imported, which no mock answers.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True

# Names in single backquotes, as docstrings have them.
default_role = "literal"

html_theme = "furo"
html_title = f"schedule-builder {release}"
html_baseurl = SITE
html_copy_source = False
html_show_sphinx = False

# Without a language a block is a config, which Pygments does not know.
highlight_language = "none"

_LINK = re.compile(r"(\]\()(\.\./[^)\s]+)(\))")
_LISTS = {"reference/index", "rules/index"}
"""Pages of which every other page in their folder is a child in the navigation."""


def _adapt(_app: Any, docname: str, source: list[str]) -> None:
    """Makes a page that reads well on GitHub one of the site."""
    folder = (DOCS / docname).parent

    def to_repository(match: re.Match[str]) -> str:
        target = (folder / match[2]).resolve()
        if target.is_relative_to(DOCS):
            return match[0]
        kind = "tree" if target.is_dir() else "blob"
        return f"]({REPOSITORY}/{kind}/main/{target.relative_to(ROOT).as_posix()})"

    source[0] = _LINK.sub(to_repository, source[0])
    if docname in _LISTS:
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n*\n```\n"


def setup(app: Any) -> None:
    """Called by Sphinx."""
    sys.path.insert(0, str(ROOT))
    app.connect("source-read", _adapt)
