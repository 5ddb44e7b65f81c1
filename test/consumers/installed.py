#!/usr/bin/env python3
"""Checks an installed tree; --self-test checks the check.

Usage: installed.py PREFIX FOLDER...   prints each violation, exits 1 if there
                                       is one; no text may name a FOLDER
       installed.py --self-test        plants violations, expects each be found
"""

import pathlib
import re
import sys
import tempfile

OPT_IN = "pyactor/libpyactor/capi/python.hpp"
PYTHON = re.compile(r"^\s*#\s*include\s*<(Python\.h|cpython/)", re.MULTILINE)
HIDDEN = re.compile(r"^namespace pyactor\b", re.MULTILINE)


def texts(prefix):
    """Yields (path, text) of each file that is text."""
    for path in sorted(prefix.rglob("*")):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if b"\0" not in content:
                yield path.relative_to(prefix).as_posix(), content.decode()


def judge(prefix, folders):
    """Yields what is wrong, one line each."""
    headers = 0
    for path, text in texts(prefix):
        for folder in folders:
            if folder in text:
                yield f"{path}: names {folder}, so that it cannot be moved"
        if not path.endswith(".hpp"):
            continue
        headers += 1
        if PYTHON.search(text) and not path.endswith(OPT_IN):
            yield f"{path}: includes Python.h; only {OPT_IN} may"
        if HIDDEN.search(text):
            yield (f"{path}: shared libraries hide what it declares: open its "
                   "namespace with PYACTOR_EXPORT")
    if headers == 0:
        yield "no headers are installed"


def main(prefix, folders):
    found = list(judge(pathlib.Path(prefix), folders))
    for line in found:
        print(line)
    return 1 if found else 0


GOOD = {
    f"include/{OPT_IN}": "#include <Python.h>\n",
    "include/pyactor/value.hpp": "namespace PYACTOR_EXPORT pyactor {\n"
                                 "// as <Python.h> has it\n",
    "lib/pkgconfig/pyactor.pc": "prefix=${pcfiledir}/../..\n",
    "lib/libpyactor.a": "\0/build/here\n",
}

# (file, text), each planted into GOOD by itself
BAD = [
    ("include/pyactor/bad.hpp", "#pragma once\n#  include <Python.h>\n"),
    ("include/pyactor/bad.hpp", "#include <cpython/pystate.h>\n"),
    ("include/pyactor/bad.hpp", "namespace pyactor {\n"),
    ("include/pyactor/bad.hpp", "namespace pyactor::capi {\n"),
    ("lib/pkgconfig/pyactor.pc", "prefix=/build/here/..\n"),
    ("lib/cmake/pyactor/bad.cmake", 'set(x "/build/here/x")\n'),
]


def self_test():
    wrong = 0
    for bad in [None] + BAD:
        with tempfile.TemporaryDirectory() as directory:
            for path, text in [*GOOD.items(), *([bad] if bad else [])]:
                file = pathlib.Path(directory, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            found = list(judge(pathlib.Path(directory), ["/build/here"]))
            if len(found) != (1 if bad else 0):
                print(f"planted {bad}: found {found}")
                wrong += 1
    with tempfile.TemporaryDirectory() as empty:
        wrong += not list(judge(pathlib.Path(empty), []))
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test())
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
