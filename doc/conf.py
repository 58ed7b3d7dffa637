"""How the site is built: `sphinx-build -W --keep-going doc doc/_build/html`.

Nothing here needs a network, neither the build nor the pages.
"""

import os
import tomllib
from pathlib import Path

# Networks this small lose time in a threaded BLAS; read before NumPy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from docutils.nodes import SkipNode
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util.logging import getLogger
from sphinx_gallery.sorting import ExplicitOrder

import sklearn_5d
from sklearn_5d.datasets import FUNCTIONS

logger = getLogger(__name__)
ROOT = Path(__file__).parents[1]
with (ROOT / "pyproject.toml").open("rb") as file:
    URLS = tomllib.load(file)["project"]["urls"]

project = "sklearn_5d"
author = "The sklearn_5d developers"
copyright = author
version = release = sklearn_5d.__version__

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
# Single backticks are literals, as in the docstrings of scikit-learn and in Markdown.
default_role = "literal"
# "auto" is a value, with the quotes that it has in code.
smartquotes = False
exclude_patterns = ["_build", "gallery/*.ipynb", "gallery/*.py"]
# A function in the configuration of the gallery cannot be compared between builds.
suppress_warnings = ["config.cache"]
nitpicky = True
# Names of the package have to lead somewhere; types and other packages need not.
nitpick_ignore_regex = [("py:.*", r"(?!sklearn_5d\.).*")]
templates_path = ["_templates"]

html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_5d {release}"
html_static_path = ["_static", "../benchmarks/sort.js"]
html_css_files = ["site.css"]
html_favicon = "_static/logo.svg"
html_show_sourcelink = False
html_baseurl = URLS["Documentation"]
html_math_renderer = "mathml"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {
        "text": "sklearn_5d",
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
    },
    "icon_links": [
        {"name": "Source", "url": URLS["Source"], "icon": "fa-solid fa-code-branch"}
    ],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 5,
    "show_nav_level": 2,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}
# These pages have no others beside them.
html_sidebars = {
    name: []
    for name in (
        "benchmark",
        "changelog",
        "citation",
        "contributing",
        "index",
        "security",
    )
}

autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
autosummary_context = {"FUNCTIONS": list(FUNCTIONS.values())}
numpydoc_show_class_members = False
intersphinx_mapping = {
    "sklearn": ("https://scikit-learn.org/stable", "inventories/scikit-learn.txt")
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
myst_heading_anchors = 3
plot_include_source = True
plot_html_show_formats = False
plot_html_show_source_link = False
plot_formats = [("png", 110)]
plot_rcparams = {"figure.figsize": (7, 4), "figure.constrained_layout.use": True}

# In full it searches for minutes.
SHORT_EXAMPLES = {"plot_tuning"}


def choose_form(gallery_conf, path):
    """Run an example in full where that takes seconds."""
    is_short = Path(path).stem in SHORT_EXAMPLES
    os.environ["SKLEARN_5D_SHORT"] = str(int(is_short))


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("sklearn_5d",),
    "reference_url": {"sklearn_5d": None},
    "filename_pattern": r"\.py$",
    "within_subsection_order": ExplicitOrder(
        [
            "plot_quickstart.py",
            "plot_airfoil.py",
            "plot_intervals.py",
            "plot_heteroscedastic.py",
            "plot_active_learning.py",
            "*",
            "plot_gradients.py",
            "plot_sensitivity.py",
            "plot_pipeline.py",
            "plot_tuning.py",
            "plot_streaming.py",
            "export_onnx.py",
            "distribute_dask.py",
        ]
    ),
    "reset_modules": ("matplotlib", choose_form),
    "default_thumb_file": str(ROOT / "doc/_static/thumbnail.png"),
    "download_all_examples": False,
    "show_signature": False,
    "write_computation_times": False,
}


def mathml(node, formula, **options):
    """Write a formula as MathML, which browsers know without a script."""
    try:
        return tex2mathml(formula, **options)
    except MathError as error:
        logger.warning("%s In the formula: %s", error, formula, location=node)
        return ""


def inline_formula(writer, node):
    """Write a formula in a line of text."""
    writer.body.append(mathml(node, node.astext()))
    raise SkipNode


def block_formula(writer, node):
    """Write a displayed formula, aligned where it has several lines."""
    formula = node.astext()
    if "&" in formula or r"\\" in formula:
        formula = rf"\begin{{aligned}}{formula}\end{{aligned}}"
    body = mathml(node, formula, as_block=True)
    writer.body.append(f'<div class="formula">{body}</div>')
    raise SkipNode


def skip_member(app, what, name, obj, skip, options):
    """Leave out what the docstring of the class lists, and what is scikit-learn's."""
    is_attribute = isinstance(obj, property) and name.endswith("_")
    is_inherited = str(getattr(obj, "__module__", "")).startswith("sklearn.")
    return skip or is_attribute or is_inherited


def setup(app):
    """Add what no extension has."""
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(inline_formula, None),
        block_renderers=(block_formula, None),
    )
    app.connect("autodoc-skip-member", skip_member)
