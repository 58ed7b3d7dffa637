"""How does one report become a Markdown page and an HTML page?"""

import base64
import html
import io
from functools import cached_property


class Document:
    """Blocks of a report, and how they are written as Markdown and as HTML.

    Parameters
    ----------
    title : str
        Title of the page.
    """

    def __init__(self, title):
        self.title = title
        self.blocks = [("heading", (1, title))]
        self._draw = {}

    def heading(self, text, level=2):
        """Add a heading."""
        self.blocks.append(("heading", (level, text)))

    def text(self, text):
        """Add a paragraph."""
        self.blocks.append(("text", text))

    def bullets(self, items):
        """Add a list."""
        self.blocks.append(("bullets", list(items)))

    def table(self, frame, first="estimator"):
        """Add a table; its index becomes the first column, under the name `first`."""
        header = [first, *map(str, frame.columns)]
        rows = [
            [str(name), *map(str, row)]
            for name, row in zip(frame.index, frame.to_numpy(), strict=True)
        ]
        self.blocks.append(("table", [header, *rows]))

    def picture(self, name, draw, caption):
        """Add a picture; `draw` makes the matplotlib figure when it is needed."""
        self.blocks.append(("picture", (f"{name}.png", caption)))
        self._draw[f"{name}.png"] = draw

    @cached_property
    def pictures(self):
        """The pictures as PNG, by file name."""
        return {name: _png(draw()) for name, draw in self._draw.items()}

    def save(self, folder):
        """Write both pages and the pictures.

        Parameters
        ----------
        folder : Path
            Gets ``report.md``, ``report.html`` and ``pictures/``.
        """
        (folder / "pictures").mkdir(exist_ok=True)
        for name, data in self.pictures.items():
            (folder / "pictures" / name).write_bytes(data)
        (folder / "report.md").write_text(self.to_markdown(), encoding="utf-8")
        (folder / "report.html").write_text(self.to_html(), encoding="utf-8")

    def to_markdown(self):
        """Write the page with links to the pictures.

        Returns
        -------
        page : str
        """
        return "\n\n".join(map(self._markdown, self.blocks)) + "\n"

    def to_html(self):
        """Write the page with the pictures in it.

        Returns
        -------
        page : str
        """
        body = "\n".join(map(self._html, self.blocks))
        title = html.escape(self.title)
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n{body}\n</html>\n"
        )

    @staticmethod
    def _markdown(block):
        kind, content = block
        match kind:
            case "heading":
                level, text = content
                return f"{'#' * level} {text}"
            case "bullets":
                return "\n".join(f"- {item}" for item in content)
            case "table":
                header, *rows = content
                rule = ["---", *["---:"] * (len(header) - 1)]
                return "\n".join(
                    f"| {' | '.join(row)} |" for row in (header, rule, *rows)
                )
            case "picture":
                name, caption = content
                return f"![{caption}](pictures/{name})\n\n*{caption}*"
        return content

    def _html(self, block):
        kind, content = block
        match kind:
            case "heading":
                level, text = content
                return f"<h{level}>{html.escape(text)}</h{level}>"
            case "bullets":
                items = "".join(f"<li>{html.escape(item)}</li>" for item in content)
                return f"<ul>{items}</ul>"
            case "table":
                tags = ["th", *["td"] * (len(content) - 1)]
                rows = "\n".join(
                    f"<tr>{''.join(f'<{t}>{html.escape(c)}</{t}>' for c in row)}</tr>"
                    for t, row in zip(tags, content, strict=True)
                )
                return f'<div class="table"><table>\n{rows}\n</table></div>'
            case "picture":
                name, caption = content
                data = base64.b64encode(self.pictures[name]).decode()
                caption = html.escape(caption)
                return (
                    f'<figure><img src="data:image/png;base64,{data}" alt="{caption}">'
                    f"<figcaption>{caption}</figcaption></figure>"
                )
        return f"<p>{html.escape(content)}</p>"


def _png(figure):
    from matplotlib import pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110, bbox_inches="tight")
    plt.close(figure)
    return buffer.getvalue()


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto;
       padding: 0 1rem; color: #222; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #bbb; }
.table { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.875rem; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid #ddd; text-align: right;
         white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1.5rem 0; }
img { max-width: 100%; }
figcaption { color: #555; font-size: 0.875rem; }
"""
