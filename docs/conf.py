"""Settings of Sphinx for the documentation; `make docs` builds it."""

import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

import generated  # noqa: E402

import thyro  # noqa: E402

generated.write(DOCS / "generated")

project = "thyro"
author = "the authors of thyro"
version = release = thyro.__version__
extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "generated/notebooks/.ipynb_checkpoints"]
nitpicky = True
# Types of other libraries have no pages here, and nothing is fetched to find theirs.
nitpick_ignore_regex = [
    ("py:.*", r"(?!thyro\.).*"),  # all that is not ours
    ("py:.*", r"thyro\.\w+\.(\w+\.)+\w+"),  # types that a room keeps to itself
]
default_role = "literal"  # single backticks of docstrings are names

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
python_maximum_signature_line_length = 88

html_theme = "pydata_sphinx_theme"
html_title = "thyro"
html_static_path = ["static"]
html_css_files = ["thyro.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "navigation_with_keys": False,
}
html_sidebars = {"index": []}
project_copyright = "the authors of thyro. Nothing here is for clinical use"


class Functions(SphinxTransform):
    """`statistics.delong_test` in a page leads to the function, as the room's face lists it."""

    default_priority = 400
    named = re.compile(r"(?:thyro\.)?(\w+)\.(\w+)")

    def apply(self, **_: object) -> None:
        for literal in list(self.document.findall(nodes.literal)):
            said = self.named.fullmatch(literal.astext())
            linked = isinstance(literal.parent, nodes.reference | pending_xref)
            if said and not linked and generated.documented(said[1], said[2]):
                link = pending_xref(
                    "",
                    refdomain="py",
                    reftype="obj",
                    reftarget=f"thyro.{said[1]}.{said[2]}",
                    refdoc=self.env.docname,
                    refwarn=True,
                )
                literal.replace_self(link)
                link += literal


def setup(app: object) -> None:
    """Called by Sphinx."""
    app.add_transform(Functions)
