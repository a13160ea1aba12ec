"""Puts code, measured tables and figures into the pages of docs/theory: `python docs/fill.py`.

A page holds pairs of lines such as

    <!-- code: minimeta/theory/mean.py -->    <!-- findings: C1 -->    <!-- picture: C1 -->
    <!-- end -->                              <!-- end -->             <!-- end -->

and what stands between them is written anew: the source file as it is, what `minimeta verify C1`
finds at seed 0, and its figure, drawn into docs/theory/images.
"""
import ast
import re
import sys
from pathlib import Path

from minimeta.report.theorems import as_markdown, draw
from minimeta.run.verify import generator, verify
from minimeta.theory import THEOREMS

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "theory"
PLACE = re.compile(r"(<!-- (code|findings|picture): (\S+) -->\n).*?(<!-- end -->)", re.S)


def code(path, page):
    """A source file behind its name, without the docstring, which the page has in full."""
    source = (ROOT / path).read_text()
    docstring = ast.parse(source).body[0]
    rest = "\n".join(source.splitlines()[docstring.end_lineno:]).strip("\n")
    return f"<details><summary><code>{path}</code></summary>\n\n```py\n{rest}\n```\n\n</details>\n"


def findings(key, page):
    """The table of one theorem, at seed 0."""
    return f"`minimeta verify {key} --details`, seed 0:\n\n{as_markdown(verify(THEOREMS[key]))}\n"


def picture(key, page):
    """The figure of one theorem, drawn into the folder of images."""
    theorem = THEOREMS[key]
    if theorem.picture is None:
        raise SystemExit(f"{page.name}: {key} has no picture")
    drawn = theorem.picture(generator(theorem, 0))
    path = PAGES / "images" / f"{key}.png"
    path.parent.mkdir(exist_ok=True)
    draw(drawn).savefig(path, bbox_inches="tight", metadata={"Software": None})
    return f"![{drawn.title}](images/{key}.png)\n"


def fill(page, kinds=("code", "findings", "picture")):
    """The page's text with its places filled."""
    makers = {"code": code, "findings": findings, "picture": picture}

    def put(match):
        start, kind, what, end = match.groups()
        return start + makers[kind](what, page) + end if kind in kinds else match[0]
    return PLACE.sub(put, page.read_text())


if __name__ == "__main__":
    for one in sorted(PAGES.glob("*.md")):
        one.write_text(fill(one))
        print(one.relative_to(ROOT), file=sys.stderr)
