#!/usr/bin/env python3
"""Checks an installed tree; --self-test checks the check.

Usage: installed.py PREFIX KIND FOLDER...
                                   KIND of its libraries: static or shared;
                                   prints each violation, exits 1 if there is
                                   one; no text may name a FOLDER
       installed.py --self-test    plants violations, expects each be found
"""

import pathlib
import re
import subprocess
import sys
import tempfile

OPT_IN = "pyactor/libpyactor/capi/python.hpp"
LICENCE = "share/doc/pyactor/LICENSE"
PYTHON = re.compile(r"^\s*#\s*include\s*<(Python\.h|cpython/)", re.MULTILINE)
HIDDEN = re.compile(r"^namespace pyactor\b", re.MULTILINE)
LAYERS = ("libpyactor", "libpyactor_runtime", "libpyactor_supervisors")
COMMENT = re.compile(r"//.*")
SCOPE = re.compile(r"\b(?:namespace|class|struct)(?: PYACTOR_EXPORT)? ([\w:]+)"
                   r"[^;{]*\{")


def texts(prefix):
    """Yields (path, text) of each file that is text."""
    for path in sorted(prefix.rglob("*")):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if b"\0" not in content:
                yield path.relative_to(prefix).as_posix(), content.decode()


def judge_texts(prefix, folders):
    """Yields what is wrong with headers and build files, one line each."""
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
    if not (prefix / LICENCE).is_file():
        yield f"there is no {LICENCE}"


def public_names(prefix):
    """The names of scopes that installed headers open, namespaces and classes,
    and all words that they use."""
    code = "".join(COMMENT.sub("", text) for path, text in texts(prefix)
                   if path.endswith(".hpp"))
    scopes = {scope for path in SCOPE.findall(code) for scope in path.split("::")}
    return scopes, set(re.findall(r"\w+", code))


# What the compiler makes for a class, and for a function or a variable.
MADE_FOR_CLASS = re.compile(r"^(typeinfo|typeinfo name|vtable|VTT) for ")
MADE_FOR = re.compile(r"^(guard variable for|(non-)?virtual thunk to) ")
# The return type of `auto f(T x) -> decltype(x())`.
RETURNED_EXPRESSION = re.compile(r"^decltype \(([^()]|\([^()]*\))*\) ")


def qualified_name(symbol):
    """`a::b` from `T a::b<c>(d) const`, as `nm -C` writes it; `a::b::` where
    that must be a class."""
    name = MADE_FOR.sub("", symbol.replace("[abi:cxx11]", ""))
    if MADE_FOR_CLASS.match(name):
        name = MADE_FOR_CLASS.sub("", name) + "::"
    name = re.sub(r"operator\W[^(]*", "operator", name)
    while (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
        name = shorter
    name = RETURNED_EXPRESSION.sub("", name)
    return name.split("(")[0].split(" ")[-1]


def judge_symbols(library, lines, scopes, words):
    """Yields what `library` shows and should not. The instances of the standard
    library's templates are shown whatever one does, as weak symbols."""
    for line in lines:
        kind, symbol = line[17:].split(" ", 1)
        name = qualified_name(symbol)
        if kind in "VWu" and name.startswith(("std::", "__gnu_cxx::")):
            continue
        if not name.startswith("pyactor::"):
            yield f"{library}: shows {symbol}, which is not pyactor's"
        elif (not scopes.issuperset(name.split("::")[:-1])
              or name.split("::")[-1].strip("~") not in words | {""}):
            yield (f"{library}: shows {symbol}, which no installed header "
                   "declares: take PYACTOR_EXPORT from its namespace, or see "
                   "PYACTOR_HIDDEN")


def judge_dynamic(library, text, files):
    """Yields what is wrong with the dynamic section, as `readelf -d` has it."""
    soname = re.search(r"\(SONAME\).*\[(.*)\]", text)
    wanted = re.compile(re.escape(library.split(".so")[0]) + r"\.so\.\d+\.\d+")
    if not soname or not wanted.fullmatch(soname[1]):
        yield f"{library}: its SONAME has no major and minor version"
    elif soname[1] not in files:
        yield f"{library}: nothing here has its SONAME, {soname[1]}"
    for path in re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", text):
        if path.strip(":") not in ("", "$ORIGIN"):
            yield f"{library}: looks for libraries in {path}"


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def judge_libraries(prefix, kind):
    """Yields what is wrong with the libraries, one line each."""
    files = {path.name: path for path in prefix.rglob("libpyactor*")
             if path.is_file()}
    suffix = ".a" if kind == "static" else ".so"
    wanted = {layer + suffix for layer in LAYERS}
    linked = {name for name in files if name.endswith((".a", ".so"))}
    if linked != wanted:
        yield f"{kind} libraries: {sorted(linked)}, not {sorted(wanted)}"
        return
    if kind == "static":
        return
    names = public_names(prefix)
    for name in sorted(linked):
        path = files[name]
        yield from judge_dynamic(name, output_of("readelf", "-dW", path), files)
        yield from judge_symbols(
            name, output_of("nm", "-D", "--defined-only", "-C",
                            path).splitlines(), *names)


def main(prefix, kind, folders):
    prefix = pathlib.Path(prefix)
    found = [*judge_texts(prefix, folders), *judge_libraries(prefix, kind)]
    for line in found:
        print(line)
    return 1 if found else 0


GOOD = {
    f"include/{OPT_IN}": "#include <Python.h>\n",
    "include/pyactor/value.hpp": "namespace PYACTOR_EXPORT pyactor {\n"
                                 "// as <Python.h> has it\n"
                                 "namespace capi::codec {}\n"
                                 "class value : any {\n"
                                 "  operator bool();\n"
                                 "  struct state;\n"
                                 "  int text(); // of secret\n"
                                 "};\n",
    "lib/pkgconfig/pyactor.pc": "prefix=${pcfiledir}/../..\n",
    LICENCE: "As you like.\n",
    **{f"lib/{layer}.a": "\0/build/here\n" for layer in LAYERS},
}

# (file, text), each planted into GOOD by itself
BAD = [
    ("include/pyactor/bad.hpp", "#pragma once\n#  include <Python.h>\n"),
    ("include/pyactor/bad.hpp", "#include <cpython/pystate.h>\n"),
    ("include/pyactor/bad.hpp", "namespace pyactor {\n"),
    ("include/pyactor/bad.hpp", "namespace pyactor::capi {\n"),
    ("lib/pkgconfig/pyactor.pc", "prefix=/build/here/..\n"),
    ("lib/cmake/pyactor/bad.cmake", 'set(x "/build/here/x")\n'),
    ("lib/libpyactor.so", "\0"),
    ("lib/libpyactor_more.a", "\0"),
]

GOOD_SYMBOLS = """\
T pyactor::value::text[abi:cxx11](std::string const&) const
T pyactor::value::operator bool() const
T pyactor::value::~value()
T non-virtual thunk to pyactor::value::~value()
W decltype ({parm#1}()) pyactor::text<pyactor::value::text()::{lambda()#1}>(pyactor::value::text()::{lambda()#1})
T pyactor::capi::codec::text()
T pyactor::operator==(pyactor::value const&, pyactor::value const&)
W std::vector<pyactor::value> pyactor::text<std::vector<int> >(int&&)
V typeinfo for pyactor::value
V vtable for std::_Sp_counted_base<(__gnu_cxx::_Lock_policy)2>
W void std::vector<pyactor::state>::push_back(pyactor::state&&)
"""

# Each shown by itself.
BAD_SYMBOLS = """\
T PyInit__pyactor
T std::swap(pyactor::value&, pyactor::value&)
W caf::actor::~actor()
B pyactor::as
T pyactor::secret::value::text()
T pyactor::value::state::text()
T pyactor::value::secret()
V typeinfo name for pyactor::value::state
W void pyactor::secret<pyactor::value>(int)
"""

GOOD_DYNAMIC = ("(SONAME)  Library soname: [libpyactor.so.0.1]\n"
                "(RUNPATH) Library runpath: [$ORIGIN:::]\n")

BAD_DYNAMIC = [
    "",
    "(SONAME)  Library soname: [libpyactor.so]\n",
    "(SONAME)  Library soname: [libpyactor.so.0.2]\n",
    GOOD_DYNAMIC.replace("$ORIGIN", "/build/here"),
]


def planted_tree(directory, bad):
    for path, text in [*GOOD.items(), *([bad] if bad else [])]:
        file = pathlib.Path(directory, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return pathlib.Path(directory)


def self_test():
    wrong = 0

    def expect(planted, found, count):
        nonlocal wrong
        if len(found) != count:
            print(f"planted {planted}: found {found}")
            wrong += 1

    for bad in [None] + BAD:
        with tempfile.TemporaryDirectory() as directory:
            prefix = planted_tree(directory, bad)
            expect(bad, [*judge_texts(prefix, ["/build/here"]),
                         *judge_libraries(prefix, "static")], 1 if bad else 0)
            names = public_names(prefix)
    for text, count in ((GOOD_SYMBOLS, 0), (BAD_SYMBOLS, 1)):
        for symbol in text.splitlines():
            line = f"{0:016x} {symbol}"
            expect(symbol, list(judge_symbols("x", [line], *names)), count)
    files = {"libpyactor.so", "libpyactor.so.0.1"}
    for text in [GOOD_DYNAMIC] + BAD_DYNAMIC:
        expect(text, list(judge_dynamic("libpyactor.so", text, files)),
               0 if text == GOOD_DYNAMIC else 1)
    with tempfile.TemporaryDirectory() as empty:
        empty = pathlib.Path(empty)
        expect("nothing", list(judge_texts(empty, [])), 2)
        expect("nothing", list(judge_libraries(empty, "shared")), 1)
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test())
    if len(sys.argv) < 3 or sys.argv[2] not in ("static", "shared"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
