#!/usr/bin/env python3
"""Checks that the READMEs still say what is so; --self-test checks the check.

Usage: readme.py [ROOT]         prints each fault, exits 1 if there is one
       readme.py --self-test    plants faults, and expects each to be found

A block of code below `<!-- from FILE -->` must be in FILE as it is, but for the
indentation that all its lines share. In README.md every block of C++ and Python
needs such a line. Links must lead to something in the tree. The table of
measurements in docs/performance.md must have the rows of bench/run.py, and that
of README.md some of them.
"""

import ast
import re
import textwrap

import checker

FIGURES = "docs/performance.md"
PAGES = ("README.md", "libpyactor/README.md", "runtime/README.md",
         "supervisors/README.md", "CONTRIBUTING.md", "docs/supervision.md",
         FIGURES)
BENCH = "bench/run.py"
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
    """The names of the rows in bench/run.py, in order."""
    tree = ast.parse((root / BENCH).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "ROWS":
            return [row[0] for row in ast.literal_eval(node.value)]
    raise SystemExit(f"{BENCH} has no ROWS")


def judge_rows(root, page, lines):
    """The table's first column, from its head line on."""
    found = []
    head = next((i for i, line in enumerate(lines)
                 if line.startswith("| workload |")), None)
    if head is not None:
        for line in lines[head + 2:]:
            if not line.startswith("|"):
                break
            found.append(line.split("|")[1].strip())
    rows = bench_rows(root)
    if page == FIGURES:
        good = found == rows
    else:
        good = found and set(found) <= set(rows)
    if not good:
        yield (head or 0) + 1, ("the table of measurements has other rows than "
                                f"{BENCH}: {', '.join(found) or 'none'}")


def judge(root):
    """Yields (page, line, message) for each fault under `root`."""
    for page in PAGES:
        if not (root / page).is_file():
            yield page, 1, "is missing"
            continue
        lines = (root / page).read_text(encoding="utf-8").splitlines()
        checks = [judge_blocks(root, page, lines), judge_links(root, page, lines)]
        if page in ("README.md", FIGURES):
            checks.append(judge_rows(root, page, lines))
        for check in checks:
            for line, message in check:
                yield page, line, message


def main(root):
    found = list(judge(root))
    for page, line, message in found:
        print(f"{page}:{line}: {message}")
    return 1 if found else 0


SOURCE = "int main() {\n  if (true)\n    run();\n\n  return 0;\n}\n"
TABLE = "| workload | ns |\n|---|---|\n| one | 1 |\n| two | 2 |\n"
GOOD = {
    "examples/a.cpp": SOURCE,
    BENCH: 'ROWS = [("one", "x"), ("two", "y")]\n',
    "README.md": "[a](examples/a.cpp) [b](https://example.org)\n\n"
                 "<!-- from examples/a.cpp -->\n```cpp\nif (true)\n  run();\n\n"
                 "return 0;\n```\n\n```sh\nmake\n```\n\n"
                 + TABLE.replace("| two | 2 |\n", ""),
    FIGURES: TABLE,
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
    ("README.md", "| three | 3 |\n"),
    (FIGURES, "| one | 1 |\n"),
    ("README.md", "[gone](examples/b.cpp)\n"),
    ("runtime/README.md", "[gone](README.txt)\n"),
    ("supervisors/README.md", block("examples/a.cpp", "return 1;\n")),
    ("docs/supervision.md", block("examples/a.cpp", "return 1;\n")),
    (BENCH, 'ROWS = [("one", "x")]\n'),
]


def self_test():
    wrong = 0
    for bad in [None] + BAD:
        files = dict(GOOD)
        if bad:
            files[bad[0]] = bad[1] if bad[0] == BENCH \
                else files[bad[0]] + bad[1]
        with checker.tree_of(files) as root:
            found = list(judge(root))
        if len(found) != (1 if bad else 0):
            wrong += 1
            print(f"planted {bad}: found {found}")
    return checker.conclude(wrong, len(BAD) + 1)


if __name__ == "__main__":
    checker.run(__doc__, main, self_test)
