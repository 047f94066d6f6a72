# SPDX-License-Identifier: GPL-2.0-only
"""Pieces of a web page that stands alone: no scripts, and nothing from outside the file."""

import base64
import html
import io
import os

from plotting import NARROW, WIDTH, BadInput, use_matplotlib

# A picture of so many bytes as SVG is smaller, and shown sooner, as PNG.
LARGEST_SVG = 400_000

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 54rem; background: #fff; color: #1a1a1a;
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 0.5rem; border-bottom: 2px solid #0072b2; }
p { margin: 0.5rem 0; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
  gap: 0.6rem; margin: 1rem 0; padding: 0; list-style: none; }
.figures li { border: 1px solid #bbb; border-left: 4px solid #0072b2; padding: 0.5rem 0.7rem; }
.figures strong { display: block; font-size: 1.35rem; line-height: 1.3; }
.figures small, figcaption, .note { color: #505050; font-size: 0.875rem; }
figure { margin: 1.2rem 0; break-inside: avoid; }
figure img { display: block; width: 100%; height: auto; }
code, pre { font: 0.85rem/1.45 ui-monospace, monospace; }
pre { white-space: pre-wrap; background: #f4f4f4; padding: 0.6rem; margin: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; margin: 0.8rem 0; font-size: 0.9rem;
  font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { border-bottom: 1px solid #d0d0d0; padding: 0.25rem 0.4rem; text-align: right;
  vertical-align: top; }
th { border-bottom: 2px solid #888; }
th:first-child, td:first-child, .words td, .words th { text-align: left; }
.words { overflow-wrap: anywhere; }
details { margin: 0.8rem 0; }
summary { cursor: pointer; padding: 0.4rem 0; }
nav a { display: inline-block; padding: 0.35rem 0.9rem 0.35rem 0; color: #005a8d; }
@media (max-width: 600px) {
  body { padding: 0.7rem; }
  .wide thead { display: none; }
  .wide, .wide tbody, .wide tr, .wide td { display: block; }
  .wide tr { border-bottom: 2px solid #888; padding: 0.3rem 0; }
  .wide td { display: flex; justify-content: space-between; gap: 1rem; border: 0;
    padding: 0.05rem 0; text-align: right; }
  .wide td::before { content: attr(data-label); color: #505050; text-align: left; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  nav { display: none; }
  figure img { width: 76%; margin: 0 auto; }
  p { break-after: avoid; }
  h2 { break-after: avoid; }
  tr, .figures li { break-inside: avoid; }
  pre { border: 1px solid #bbb; background: none; }
}
"""


def escape(text):
    """Returns a text, whatever is in it, for use in HTML, in attributes too."""
    # A number and its % stay on one line.
    return html.escape(str(text), quote=True).replace(" %", "\N{NO-BREAK SPACE}%")


def table(names, rows, words=False):
    """Returns a table; on a telephone one with many columns turns into a list."""
    kinds = " ".join(filter(None, ["wide" if len(names) > 3 else "", "words" if words else ""]))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(
        "<tr>"
        + "".join(f'<td data-label="{escape(n)}">{escape(cell)}</td>' for n, cell in zip(names, row))
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<table class="{kinds}"><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n'
    )


def headline(figures):
    """Returns the large numbers: (number, what it is, remark)."""
    items = "".join(
        f"<li>{escape(name)}<strong>{escape(value)}</strong><small>{escape(remark)}</small></li>\n"
        for name, value, remark in figures
    )
    return f'<ul class="figures">\n{items}</ul>\n'


def _data_url(picture):
    """Returns a figure of matplotlib as a URL that holds it."""
    stream = io.BytesIO()
    picture.savefig(stream, format="svg", metadata={"Date": None})
    kind = "svg+xml"
    if stream.tell() > LARGEST_SVG:
        stream = io.BytesIO()
        picture.savefig(stream, format="png", dpi=150, metadata={"Software": None})
        kind = "png"
    use_matplotlib().close(picture)
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"


def figure(draw, caption, command):
    """Returns a figure in two widths, of which a browser shows the one that fits.

    draw(width) gives the figure; the caption also describes it to those who do not see it.
    """
    wide, narrow = _data_url(draw(WIDTH)), _data_url(draw(NARROW))
    return (
        f'<figure><picture><source media="(max-width: 600px)" srcset="{narrow}">'
        f'<img alt="{escape(caption)}" src="{wide}"></picture>\n'
        f"<figcaption>{escape(caption)}<br><code>{escape(command)}</code></figcaption></figure>\n"
    )


def section(anchor, title, content):
    """Returns a section, or nothing when there is nothing in it."""
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>\n{content}</section>\n' if content else ""


def whole(title, parts):
    """Returns the page; parts are (anchor, title, content)."""
    links = "".join(f'<a href="#{anchor}">{escape(name)}</a>' for anchor, name, text in parts if text)
    body = "".join(section(*part) for part in parts)
    # The policy makes a browser refuse whatever would come from elsewhere.
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n<nav>{links}</nav>\n{body}</body></html>\n"
    )


def write(path, text):
    """Writes a page beside its place and renames it, so that it appears whole."""
    partial = f"{path}.partial"
    try:
        with open(partial, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(partial, path)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    finally:
        if os.path.exists(partial):
            os.remove(partial)
