"""The page of the mutation run, docs/results/mutants.md: a row for each file, as it is done.

Read next: maml_cost.py.
"""
import datetime
import re
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "results" / "mutants.md"
HEAD = """# Is every operator of the theorems held by a test?

`python -m benchmarks.mutants --write` changes one operator, sign, comparison, term or number of a
file of [minimeta/theory](../../minimeta/theory) at a time and runs that file's own test. A mutant
is *caught* if the test fails, or does not end. Survivors must be *explained*: they change nothing
that the file claims. The command writes this page.

"""
COUNTS = "| file | mutants | caught | explained | unexplained | date |\n|---|--:|--:|--:|--:|---|\n"
REASONS = "\nExplained:\n\n| file | why no test can catch it | mutants |\n|---|---|--:|\n"


def rows(text):
    """{file: its rows, lists of cells} of a page; the total is left out."""
    found = {}
    for line in text.splitlines():
        if re.match(r"\| `\w+` \|", line):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            found.setdefault(cells[0].strip("`"), []).append(cells)
    return found


def page(found):
    """The text of a page with these rows, and the total."""
    counts = [row for name in sorted(found) for row in found[name] if len(row) == 6]
    reasons = [row for name in sorted(found) for row in found[name] if len(row) == 3]
    total = [sum(int(row[i].replace(",", "")) for row in counts) for i in range(1, 5)]
    lines = [f"| {' | '.join(row)} |\n" for row in counts]
    lines.append(f"| all | {' | '.join(f'{n:,}' for n in total)} | |\n")
    lines += [REASONS, *(f"| {' | '.join(row)} |\n" for row in reasons)]
    return HEAD + COUNTS + "".join(lines)


def write(name, count, survived, known):
    """Put the counts of a file into the page; known: a reason, or None, for each survivor."""
    found = rows(PAGE.read_text()) if PAGE.exists() else {}
    unexplained = known.count(None)
    found[name] = [[f"`{name}`", str(count), str(count - survived), str(survived - unexplained),
                    str(unexplained), datetime.date.today().isoformat()]]
    found[name] += [[f"`{name}`", why, str(n)]
                    for why, n in sorted(Counter(why for why in known if why).items())]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(found))
