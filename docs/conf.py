"""Settings of Sphinx for the documentation; `make docs` builds it."""

import re
import sys
from pathlib import Path

import pypandoc
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
# Pages that have none below them have no list of these beside them.
ALONE = "index start own_data questions architecture dose_response generated/parameters".split()
html_sidebars = {page: [] for page in [*ALONE, "generated/commands", "generated/agreement"]}
html_context = {"default_mode": "auto"}
html_math_renderer = "mathml"
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


MATHML: dict[tuple[str, bool], str] = {}  # formula, whether it stands alone -> what browsers show


def write_mathml(app: object, doctree: nodes.document, docname: str) -> None:
    """Have pandoc write the formulas of a page as MathML, which needs no script from elsewhere."""
    formulas = [
        (node.astext(), isinstance(node, nodes.math_block))
        for node in doctree.findall(lambda one: isinstance(one, nodes.math | nodes.math_block))
    ]
    wanted = [one for one in dict.fromkeys(formulas) if one not in MATHML]
    if wanted:
        signs = [f"$${text.strip()}$$" if alone else f"${text.strip()}$" for text, alone in wanted]
        page = pypandoc.convert_text(
            "\n\n".join(signs), "html", format="markdown", extra_args=["--mathml"]
        )
        written = re.findall(r"<math .*?</math>", page, flags=re.DOTALL)
        MATHML.update(zip(wanted, written, strict=True))


def visit_math(writer: object, node: nodes.math) -> None:
    writer.body.append(MATHML[node.astext(), False])
    raise nodes.SkipNode


def visit_math_block(writer: object, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="math-wrapper">{MATHML[node.astext(), True]}</div>')
    raise nodes.SkipNode


def setup(app: object) -> None:
    """Called by Sphinx."""
    app.add_transform(Functions)
    app.connect("doctree-resolved", write_mathml)
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
