"""Puts code, measured tables and figures into the pages of docs/theory: `python docs/fill.py`.

A page holds pairs of lines such as

    <!-- code: minimeta/theory/mean.py -->    <!-- findings: C1 -->    <!-- picture: C1 -->
    <!-- end -->                              <!-- end -->             <!-- end -->

and what stands between them is written anew: the source file as it is, what `minimeta verify C1`
finds at seed 0, and its figure, drawn into docs/theory/images.  Words after the key choose the
findings whose names begin with them or have them after a colon.
"""
import ast
import io
import re
import sys
from functools import cache
from pathlib import Path

from PIL import Image

from minimeta.report.theorems import as_markdown, draw
from minimeta.run.verify import generator, verify
from minimeta.theory import THEOREMS

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "theory"
PLACE = re.compile(r"(<!-- (code|findings|picture): (.+?) -->\n)(.*?)(<!-- end -->)", re.S)
DPI, PALETTE = 110, 256            # a figure of 20 kB, that all can read


def code(path):
    """A source file behind its name, without the docstring, which the page has in full."""
    source = (ROOT / path).read_text()
    docstring = ast.parse(source).body[0]
    rest = "\n".join(source.splitlines()[docstring.end_lineno:]).strip("\n")
    return f"<details><summary><code>{path}</code></summary>\n\n```py\n{rest}\n```\n\n</details>\n"


@cache
def found(key):
    """What the check of a theorem finds at seed 0."""
    return verify(THEOREMS[key]).findings


def findings(what):
    """The table of one theorem, at seed 0, or those of its rows that begin with some words."""
    key, _, words = what.partition(" ")
    rows = [f for f in found(key) if f.name.startswith(words) or f": {words}" in f.name]
    return f"`minimeta verify {key} --details`, seed 0:\n\n{as_markdown(rows)}\n"


def picture(key):
    """The figure of one theorem, drawn into the folder of images."""
    drawn = THEOREMS[key].picture(generator(THEOREMS[key], 0))
    path = PAGES / "images" / f"{key}.png"
    path.parent.mkdir(exist_ok=True)
    plain = io.BytesIO()
    draw(drawn).savefig(plain, bbox_inches="tight", dpi=DPI)
    Image.open(plain).convert("RGB").quantize(PALETTE, dither=Image.Dither.NONE).save(
        path, optimize=True)
    return shown(key, drawn)


def shown(key, drawn):
    """The line that shows a figure."""
    return f"![{drawn.title}](images/{key}.png)\n"


MAKERS = {"code": code, "findings": findings, "picture": picture}


def fill(text, makers=MAKERS):
    """A page's text with the places that there is a maker for filled."""
    def put(match):
        start, kind, what, _, end = match.groups()
        return start + makers[kind](what) + end if kind in makers else match[0]
    return PLACE.sub(put, text)


if __name__ == "__main__":
    for one in sorted(PAGES.glob("*.md")):
        one.write_text(fill(one.read_text()))
        print(one.relative_to(ROOT), file=sys.stderr)
