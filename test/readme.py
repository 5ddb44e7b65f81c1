#!/usr/bin/env python3
"""Checks that the READMEs still say what is so; --self-test checks the check.

Usage: readme.py [ROOT]         prints each fault, exits 1 if there is one
       readme.py --self-test    plants faults, and expects each to be found

A block of code below `<!-- from FILE -->` must be in FILE as it is, but for the
indentation that all its lines share. In README.md every block of C++ and Python
needs such a line. Links must lead to something in the tree. The table of
measurements in docs/performance.md must show bench/baseline.json, which must have
the rows and goals of bench/run.py, all of one commit; that of README.md must have
some of its lines.
"""

import ast
import itertools
import json
import pathlib
import re
import sys
import textwrap

import checker

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
import run

FIGURES = "docs/performance.md"
PAGES = ("README.md", "libpyactor/README.md", "runtime/README.md",
         "supervisors/README.md", "CONTRIBUTING.md", "docs/supervision.md",
         FIGURES)
BENCH = "bench/run.py"
BASELINE = "bench/baseline.json"
FENCE = re.compile(r"^```(\w*)\s*$")
ORIGIN = re.compile(r"^<!-- from (\S+) -->$")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
MARKED_LANGUAGES = ("cpp", "python")


def blocks(lines):
    """Yields (line number, language, file or None, lines) of each fence."""
    origin = start = None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if start is not None:
            if fence:
                yield start, language, origin, lines[start:number - 1]
                start = origin = None
        elif fence:
            start, language = number, fence[1]
        elif line.strip():
            match = ORIGIN.match(line)
            origin = match[1] if match else None


def dedented(lines):
    return textwrap.dedent("\n".join(lines)).split("\n")


def holds(text, wanted):
    """Whether `wanted`, without common indentation, is a run of lines."""
    lines = text.splitlines()
    wanted = dedented(wanted)
    return any(dedented(lines[i:i + len(wanted)]) == wanted
               for i in range(len(lines) - len(wanted) + 1))


def judge_blocks(root, page, lines):
    for number, language, origin, block in blocks(lines):
        if origin is None:
            if page == "README.md" and language in MARKED_LANGUAGES:
                yield number, ("a block of code from nowhere: put "
                               "<!-- from FILE --> above it")
            continue
        source = root / origin
        if not source.is_file():
            yield number, f"there is no {origin}"
        elif not any(line.strip() for line in block):
            yield number, "an empty block"
        elif not holds(source.read_text(encoding="utf-8"), block):
            yield number, f"{origin} has no such lines: copy them anew"


def judge_links(root, page, lines):
    in_code = False
    for number, line in enumerate(lines, 1):
        in_code ^= bool(FENCE.match(line))
        for target in LINK.findall("" if in_code else line):
            if "://" not in target and not (root / page).parent.joinpath(
                    target).exists():
                yield number, f"a link to {target}, which is not there"


def bench_rows(root):
    """The names and goals of the rows in bench/run.py, in order."""
    tree = ast.parse((root / BENCH).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "ROWS":
            return [(row[0], row[-1]) for row in ast.literal_eval(node.value)]
    raise SystemExit(f"{BENCH} has no ROWS")


def table_of(lines):
    """The lines of the table of measurements, and the number of its head's."""
    head = next((i for i, line in enumerate(lines)
                 if line.startswith("| workload |")), None)
    if head is None:
        return [], 1
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[head + 2:])
    return list(rows), head + 1


def judge_figures(root, page, lines):
    rows = json.loads((root / BASELINE).read_text(encoding="utf-8"))["rows"]
    found, head = table_of(lines)
    if [(row["name"], row["goal"]) for row in rows] != bench_rows(root):
        yield head, f"{BASELINE} has other rows or goals than {BENCH}: run it anew"
    elif len({row["commit"] for row in rows}) != 1:
        yield head, f"{BASELINE} has rows of several commits: run it anew"
    elif found != run.markdown(rows):
        yield head, (f"the table of measurements is not that of {BASELINE}: copy "
                     f"what {BENCH} --table {BASELINE} prints")


def judge_excerpt(root, page, lines):
    found, head = table_of(lines)
    known, _ = table_of((root / FIGURES).read_text(encoding="utf-8").splitlines())
    if not found:
        yield head, "there is no table of measurements"
    for row in found:
        if row not in known:
            yield head, f"{FIGURES} has no such row: {row}"


def judge(root):
    """Yields (page, line, message) for each fault under `root`."""
    for page in PAGES:
        if not (root / page).is_file():
            yield page, 1, "is missing"
            continue
        lines = (root / page).read_text(encoding="utf-8").splitlines()
        checks = [judge_blocks(root, page, lines), judge_links(root, page, lines)]
        if page == FIGURES:
            checks.append(judge_figures(root, page, lines))
        elif page == "README.md" and (root / FIGURES).is_file():
            checks.append(judge_excerpt(root, page, lines))
        for check in checks:
            for line, message in check:
                yield page, line, message


def main(root):
    found = list(judge(root))
    for page, line, message in found:
        print(f"{page}:{line}: {message}")
    return 1 if found else 0


SOURCE = "int main() {\n  if (true)\n    run();\n\n  return 0;\n}\n"
def measured(name, goal, commit="c1"):
    return {"name": name, "goal": goal, "commit": commit, "pyactor": [3.0],
            "floor": [2.0]}


def baseline(*rows):
    return json.dumps({"rows": rows})


ONE, TWO = "| one | 3.00 ns | 2.00 ns | 1.50 | 1.50 - 1.50 | 2.0 |\n", \
    "| two | 3 B | 2 B | 1 | 1 - 1 | +2 B |\n"
HEAD = "| workload | pyactor | floor | ratio | spread | goal |\n|---|---|---|---|---|---|\n"
GOOD = {
    "examples/a.cpp": SOURCE,
    BENCH: 'ROWS = [("one", "x", 2.0), ("two", "y", "+2 B")]\n',
    BASELINE: baseline(measured("one", 2.0), measured("two", "+2 B")),
    "README.md": "[a](examples/a.cpp) [b](https://example.org)\n\n"
                 "<!-- from examples/a.cpp -->\n```cpp\nif (true)\n  run();\n\n"
                 "return 0;\n```\n\n```sh\nmake\n```\n\n"
                 + HEAD + ONE,
    FIGURES: HEAD + ONE + TWO,
    "libpyactor/README.md": "```cpp\n[](int x) { free(x); }\n```\n",
    "runtime/README.md": "[up](../README.md#top)\n",
    "supervisors/README.md": "",
    "CONTRIBUTING.md": "",
    "docs/supervision.md": "",
}


def block(origin, text):
    return f"<!-- from {origin} -->\n```cpp\n{text}```\n"


# (page, what is added to it), one fault each, planted into GOOD by itself
BAD = [
    ("README.md", block("examples/a.cpp", "if (false)\n  run();\n")),
    ("README.md", block("examples/a.cpp", "if (true)\nrun();\n")),
    ("README.md", block("examples/a.cpp", "run();\nreturn 0;\n")),
    ("README.md", block("examples/a.cpp", "")),
    ("README.md", block("examples/b.cpp", "return 0;\n")),
    ("README.md", "```python\nreturn 0\n```\n"),
    ("README.md", "<!-- from examples/a.cpp -->\nText.\n```cpp\nreturn 0;\n```\n"),
    ("README.md", TWO.replace("two", "three")),
    ("README.md", TWO.replace("3 B", "4 B")),
    ("README.md", "| two |\n"),
    (FIGURES, ONE),
    (FIGURES, "| three |\n"),
    ("README.md", "[gone](examples/b.cpp)\n"),
    ("runtime/README.md", "[gone](README.txt)\n"),
    ("supervisors/README.md", block("examples/a.cpp", "return 1;\n")),
    ("docs/supervision.md", block("examples/a.cpp", "return 1;\n")),
    (BENCH, 'ROWS = [("one", "x", 2.0)]\n'),
    (BENCH, GOOD[BENCH].replace("+2 B", "+3 B")),
    (BASELINE, GOOD[BASELINE].replace("3.0", "3.5", 1)),
    (BASELINE, GOOD[BASELINE].replace("c1", "c2", 1)),
    (BASELINE, GOOD[BASELINE].replace('"two"', '"three"')),
]


def self_test():
    wrong = 0
    for bad in [None] + BAD:
        files = dict(GOOD)
        if bad:
            page, text = bad
            files[page] = text if page in (BENCH, BASELINE) \
                else files[page] + text
        with checker.tree_of(files) as root:
            found = list(judge(root))
        if len(found) != (1 if bad else 0):
            wrong += 1
            print(f"planted {bad}: found {found}")
    return checker.conclude(wrong, len(BAD) + 1)


if __name__ == "__main__":
    checker.run(__doc__, main, self_test)
