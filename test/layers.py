#!/usr/bin/env python3
"""Checks which layer includes what; --self-test checks the check.

Usage: layers.py [ROOT]         prints each violation, exits 1 if there is one
       layers.py --self-test    plants violations, and expects each to be found
"""

import re

import checker

LAYERS = ("libpyactor", "runtime", "supervisors")
FOLDERS = LAYERS + ("examples", "test", "bench", "cmake")
CAF_HEADER = "runtime/caf.hpp"
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# CPython's own headers, by the names under which one could include them.
PYTHON = re.compile(r"^(Python\.h|cpython/|internal/pycore|frameobject\.h|"
                    r"structmember\.h|datetime\.h|python3)")


def without_comments(text):
    """The text without block comments, line numbers kept."""
    return COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)


def includes(text):
    """Yields (line, quote, name) for each include directive."""
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def own(name):
    """The path in the tree of an own header, else None."""
    return name[len("pyactor/"):] if name.startswith("pyactor/") else None


def within(path, folder):
    return path.startswith(folder + "/")


def may_see_python(path):
    """Layers: libpyactor's sources and its capi/. Tests and benchmarks of
    libpyactor link Python where they need it; the linker settings say so."""
    if within(path, "libpyactor"):
        return path.endswith(".cpp") or within(path, "libpyactor/capi")
    return any(within(path, folder)
               for folder in ("test/leaks", "test/libpyactor", "test/memory",
                              "bench"))


def is_supervision_only(path):
    """All of supervisors/ but what is there for Python."""
    return within(path, "supervisors") and not (
        within(path, "supervisors/python")
        or path.startswith(("supervisors/python_child.", "supervisors/shut_down.",
                            "supervisors/python_tree.")))


def judge_include(path, quote, name):
    """Yields what is wrong with one include, and what to do."""
    target = own(name)
    if quote == '"':
        yield f'includes "{name}": write <pyactor/...>, from the root'
    if within(path, "libpyactor"):
        if name.startswith("caf/"):
            yield "libpyactor includes CAF: move this to runtime/"
        if target and not within(target, "libpyactor"):
            yield (f"libpyactor includes {target}: turn the call round "
                   "through an interface of libpyactor's own, as host.hpp does")
    if within(path, "runtime"):
        if target and within(target, "supervisors"):
            yield (f"runtime includes {target}: move what is needed down, or "
                   "the caller up")
    if name.startswith("caf/") and path.split("/")[0] in LAYERS \
            and path != CAF_HEADER and not within(path, "libpyactor"):
        yield f"includes <{name}>: include <pyactor/{CAF_HEADER}> instead"
    if PYTHON.match(name) and not may_see_python(path):
        yield (f"includes <{name}>: only libpyactor's sources and its capi/ "
               "may; use libpyactor's interface")
    if is_supervision_only(path) and target and within(target, "runtime") \
            and target != CAF_HEADER:
        yield (f"supervision includes {target}: it knows children by their "
               "start function; Python belongs into python_child.*, "
               "python_tree.* and python/")


def caf_reached(files, path):
    """The way by which `path` includes CAF, directly or not, or None."""
    seen = {path}
    ways = [(path,)]
    while ways:
        way = ways.pop(0)
        for _, _, name in includes(files.get(way[-1], "")):
            target = own(name)
            if name.startswith("caf/"):
                return way + (name,)
            if target and target not in seen:
                seen.add(target)
                ways.append(way + (target,))
    return None


def judge(root):
    """Yields (path, line, message) for each violation under `root`."""
    files = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".hpp", ".cpp"):
                files[path.relative_to(root).as_posix()] = path.read_text(
                    encoding="utf-8")
    for path, text in files.items():
        if path.endswith(".hpp"):
            code = re.sub(r"//.*", "", without_comments(text)).split("\n")
            first = next((line for line in code if line.strip()), "")
            if first.strip() != "#pragma once":
                yield path, 1, "does not begin with #pragma once: add it"
        for line, quote, name in includes(text):
            for message in judge_include(path, quote, name):
                yield path, line, message
        if within(path, "runtime/loop"):
            way = caf_reached(files, path)
            if way:
                yield path, 1, ("the loop must be free of CAF, so that the "
                                "thread sanitizer can judge it, and includes "
                                "it: " + " > ".join(way))


def main(root):
    found = list(judge(root))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    if found:
        print(f"{len(found)} violations of the include direction")
    return 1 if found else 0


GOOD = {
    "libpyactor/value.hpp": "#pragma once\n#include <string>\n",
    "libpyactor/value.cpp": "#include <Python.h>\n"
                            "#include <pyactor/libpyactor/value.hpp>\n",
    "libpyactor/capi/python.hpp": "// Why.\n\n#pragma once\n#include <Python.h>\n",
    "runtime/caf.hpp": "#pragma once\n#include <caf/all.hpp>\n",
    "runtime/router.hpp": "#pragma once\n#include <pyactor/runtime/caf.hpp>\n"
                          "#include <pyactor/libpyactor/value.hpp>\n",
    "runtime/loop/run_queue.hpp": "#pragma once\n// #include <caf/all.hpp>\n"
                                  "/*\n#include <caf/all.hpp>\n*/\n"
                                  "#include <pyactor/libpyactor/value.hpp>\n",
    "supervisors/supervisor.hpp": "#pragma once\n"
                                  "#include <pyactor/runtime/caf.hpp>\n",
    "supervisors/python_child.hpp": "#pragma once\n"
                                    "#include <pyactor/runtime/router.hpp>\n",
    "supervisors/python_tree.hpp": "#pragma once\n"
                                   "#include <pyactor/runtime/router.hpp>\n",
    "supervisors/python/refs.cpp": "#include <pyactor/runtime/router.hpp>\n",
    "examples/demo.cpp": "#include <caf/all.hpp>\n"
                         "#include <pyactor/runtime/router.hpp>\n",
    "bench/call.bench.cpp": "#include <Python.h>\n",
}

# (file, text, how many are to be found), each planted into GOOD by itself
BAD = [
    ("libpyactor/bad.hpp", "#pragma once\n#include <caf/actor.hpp>\n", 1),
    ("libpyactor/bad.hpp", "#pragma once\n#include <Python.h>\n", 1),
    ("libpyactor/bad.cpp", "#include <pyactor/runtime/router.hpp>\n", 1),
    ("libpyactor/bad.cpp", "#include <pyactor/supervisors/supervisor.hpp>\n", 1),
    ("libpyactor/capi/bad.cpp", "#  include <caf/all.hpp>\n", 1),
    ("runtime/bad.hpp",
     "#pragma once\n#include <pyactor/supervisors/supervisor.hpp>\n", 1),
    ("runtime/bad.hpp", "#pragma once\n#include <caf/all.hpp>\n", 1),
    ("runtime/bad.cpp", "#include <Python.h>\n", 1),
    ("runtime/bad.cpp", "#include <cpython/pystate.h>\n", 1),
    ("runtime/bad.cpp", '#include "router.hpp"\n', 1),
    ("runtime/loop/bad.hpp",
     "#pragma once\n#include <pyactor/runtime/caf.hpp>\n", 1),
    ("runtime/loop/bad.hpp", "#pragma once\n#include <caf/all.hpp>\n", 2),
    ("runtime/loop/bad.hpp",
     "#pragma once\n#include <pyactor/runtime/router.hpp>\n", 1),
    ("supervisors/supervisor.cpp", "#include <pyactor/runtime/router.hpp>\n", 1),
    ("supervisors/backoff.hpp",
     "#pragma once\n#include <pyactor/runtime/router.hpp>\n", 1),
    ("supervisors/bad.cpp", "#include <caf/all.hpp>\n", 1),
    ("supervisors/python_child.cpp", "#include <Python.h>\n", 1),
    ("supervisors/python/bad.cpp", "#include <Python.h>\n", 1),
    ("supervisors/engine/python_tree.cpp",
     "#include <pyactor/runtime/router.hpp>\n", 1),
    ("examples/bad.cpp", "#include <Python.h>\n", 1),
    ("test/runtime/bad.test.cpp", "#include <Python.h>\n", 1),
    ("test/runtime/bad.hpp", "#include <string>\n", 1),
    ("supervisors/bad.hpp", "\n#include <string>\n#pragma once\n", 1),
]


def self_test():
    wrong = 0
    for bad in [None] + BAD:
        files = dict(GOOD)
        expected = 0
        if bad:
            path, files[path], expected = bad
        with checker.tree_of(files) as root:
            found = list(judge(root))
        stray = [entry for entry in found if not bad or entry[0] != bad[0]]
        if stray or len(found) != expected:
            wrong += 1
            print(f"planted {bad}: expected {expected}, found {found}")
    return checker.conclude(wrong, len(BAD) + 1)


if __name__ == "__main__":
    checker.run(__doc__, main, self_test)
