"""The report as one HTML file, with its pictures in it."""

import re
import warnings
from pathlib import Path

from .. import __version__
from . import _pictures
from ._evaluation import MIN_TRACED_ROWS
from ._optional import import_optional


def make_page(summary):
    """Write the report as HTML.

    Parameters
    ----------
    summary : Summary
        The report.

    Returns
    -------
    str
        A page that needs no other file.
    """
    jinja2 = import_optional("jinja2")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "templates"),
        autoescape=True,  # names and titles are the user's
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["breakable"] = _breakable
    return environment.get_template("report.html.jinja").render(
        summary=summary,
        title=Path(summary.table.title).name,
        pictures=_draw(summary),
        min_traced_rows=MIN_TRACED_ROWS,
        version=__version__,
    )


def _breakable(name):
    """Let a long name break where its words end."""
    html = import_optional("markupsafe").escape(name)
    return type(html)(re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=_)", "<wbr>", html))


def _draw(summary):
    """Draw all pictures; what is missing for one leaves it out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # glyphs that the font does not have
        pictures = {
            "predictions": _pictures.embed(_pictures.plot_predictions(summary)),
            "residuals": _pictures.embed(_pictures.plot_residuals(summary)),
            "importance": _pictures.embed(_pictures.plot_importance(summary)),
            "dependence": {
                name: _pictures.embed(_pictures.plot_dependence(summary, name))
                for name in summary.effects()
            },
        }
        if summary.coverage():
            figure = _pictures.plot_calibration(summary)
            pictures["calibration"] = _pictures.embed(figure)
    return pictures
