"""What do the saved rows say?

    python benchmarks/report.py DIR/rows.csv.gz

writes the report again without measuring anything, and prints the sentences that the
README quotes. The sections stand in ``report.md.jinja``; figures, findings and pictures
are asked for there.
"""

import base64
import io
import json
import re
import sys
from pathlib import Path

import figures
import findings
import pandas as pd
import pictures
import wording
from estimator import BASELINE, REFERENCE
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt

HERE = Path(__file__).parent
TEMPLATES = Environment(
    loader=FileSystemLoader(HERE),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def table(frame, first="estimator"):
    """Write a frame as a Markdown table; its index is the first column."""
    lines = [[first, *frame.columns], ["---", *["---:"] * len(frame.columns)]]
    lines += [
        [name, *map(wording.number, row)]
        for name, row in zip(frame.index, frame.to_numpy(dtype=object), strict=True)
    ]
    return "\n".join(
        f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |"
        for line in lines
    )


def by_size(frame, functions=None):
    """Write columns as numbers of rows, and of functions where these are given."""

    def title(size):
        n_rows = wording.count(size)
        if functions is None:
            return n_rows
        return f"{n_rows}, {wording.count(len(functions[size]), 'function')}"

    return frame.rename(columns=title)


TEMPLATES.filters |= {"table": table, "by_size": by_size, **vars(wording)}


def build(rows, about, drawn=None):
    """Write the report as Markdown.

    Parameters
    ----------
    rows : DataFrame
        All rows, see `figures.read`.
    about : dict
        Machine and parameters, see `run.about`.
    drawn : dict, default=None
        See `pictures.draw`.

    Returns
    -------
    page : str
    """
    parameters = pd.DataFrame(about["parameters"])
    ours = parameters.filter(regex=f"^{BASELINE}").dropna(how="all")
    page = TEMPLATES.get_template("report.md.jinja").render(
        rows=rows,
        about=about,
        pictures=pictures.draw(rows) if drawn is None else drawn,
        figures=figures,
        findings=findings,
        ours=ours,
        BASELINE=BASELINE,
        REFERENCE=REFERENCE,
    )
    return re.sub(r"\n{3,}", "\n\n", page)


def to_html(page, png):
    """Write the Markdown page as one HTML page with the pictures in it."""
    body = MarkdownIt("js-default").render(page)

    def embed(match):
        data = base64.b64encode(png[match[1]]).decode()
        return f'src="data:image/png;base64,{data}"'

    body = re.sub(r'src="pictures/(\w+)\.png"', embed, body)
    title = page.partition("\n")[0].lstrip("# ")
    script = (HERE / "sort.js").read_text(encoding="utf-8")
    shell = TEMPLATES.get_template("report.html")
    return shell.render(title=title, script=script, body=body)


def write(path):
    """Write report and pictures beside the saved rows, and print the headline."""
    rows = figures.read(path)
    about = json.loads((path.parent / "about.json").read_text(encoding="utf-8"))
    drawn = pictures.draw(rows)
    page = build(rows, about, drawn)
    png = {name: _png(draw()) for name, (_, draw) in drawn.items()}
    folder = path.parent / "pictures"
    folder.mkdir(exist_ok=True)
    for name, data in png.items():
        (folder / f"{name}.png").write_bytes(data)
    (path.parent / "report.md").write_text(page, encoding="utf-8")
    html = to_html(page, png)
    (path.parent / "report.html").write_text(html, encoding="utf-8")
    print(*findings.headline(rows), sep="\n")


def _png(figure):
    from matplotlib import pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, bbox_inches="tight")
    plt.close(figure)
    return buffer.getvalue()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
