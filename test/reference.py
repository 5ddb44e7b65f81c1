#!/usr/bin/env python3
"""Checks that the reference says what fails, on which threads, and what each
enumerator means; --self-test checks the check.

Usage: reference.py [ROOT]         prints each fault, exits 1 if there is one
       reference.py --self-test    plants faults, and expects each to be found

In the installed headers, a function that returns an `expected` names its errors
in @returns, by their codes or as those of another such function, unless the
comment of its class names them for all. A function has a thread rule: an
@thread of its own, of a class around it, or of its header, in a comment with
@file. Plain data needs none. An enumerator has a comment, before it or behind
it. Doxygen checks that any other public name has one. What is private, in a
namespace `detail` or a specialization is no part of the reference.

It reads lines as scripts/format leaves them: what is in a class is indented by
two more than the class, and what follows a comment is what the comment is for.
"""

import re

import checker

LAYERS = ("libpyactor", "runtime", "supervisors")
ENUMS = (("libpyactor/error.hpp", "errc"),
         ("supervisors/error.hpp", "sup_errc"))
HEADERS = re.compile(r"\bHEADERS\s([^)]*)\)")
ENUM = re.compile(r"enum (?:class |struct )?(?:PYACTOR_EXPORT )?(\w*)[^;{]*{")
ENUMERATOR = re.compile(r"\s*(\w+)[^,]*,?")
COMMENT = re.compile(r"^ *///")
ACCESS = re.compile(r"^ *(public|protected|private):$")
NAMESPACE = re.compile(r"^namespace (?:PYACTOR_EXPORT )?([\w:]*) ?{")
CLASS = re.compile(r"(class|struct|union) (?:PYACTOR_EXPORT )?"
                   r"([^{;()=]+?)(?: : [^;]*)? ?{$")
SPECIFIER = re.compile(r"\[\[\w+\]\] ?|"
                       r"(?:static|virtual|inline|constexpr|explicit|friend) ")
OTHERS = re.compile(r"#|(?:using|concept|enum|typedef)\b")
EXPECTED = re.compile(r"(?:\w+::)*(?:sup_)?expected<")
FUNCTION = re.compile(r"^[^={]*?(operator *\S+?|~?\w+)\(")
RETURNS = re.compile(r"@returns?\b(.*?)(?=^@|\Z)", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"`(?:\w+::)*(\w+)`")


class Scope:
    """A class: what its comment says, and whether the reference has it."""

    def __init__(self, kind, doc, hidden):
        self.doc, self.hidden = doc, hidden
        self.public = kind != "class"


class Function:
    """One of the reference: where it is, and what comments say of it."""

    def __init__(self, line, name, doc, around, fails):
        self.line, self.name, self.doc = line, name, doc
        self.around, self.fails = around, fails


class Enumerator:
    """One of the reference: where it is, and whether a comment says what it
    means."""

    def __init__(self, line, enum, name, explained):
        self.line, self.enum, self.name = line, enum, name
        self.explained = explained


def after_angles(text):
    """What follows the angle bracket that `text` begins with."""
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "<") - (letter == ">" and text[i - 1] not in "-=")
        if depth == 0:
            return text[i + 1:].lstrip()
    return ""


def declared(lines, start):
    """The declaration that begins in a line, in one line, up to its `;` or `{`,
    without its template's head and specifiers; and the line after it."""
    text = ""
    for number, line in enumerate(lines[start:], start + 1):
        text = f"{text} {re.sub('//.*', '', line).strip()}".strip()
        if text.endswith((";", "{", "}", ":")) \
                and text.count("(") <= text.count(")"):
            break
    while text.startswith("template <"):
        text = after_angles(text[len("template "):])
    text = re.sub(r"^requires\s*\(.*?\) ?(?=\[\[|\w)", "", text)
    while SPECIFIER.match(text):
        text = text[SPECIFIER.match(text).end():]
    return text, number


def function_name(text):
    """Of a declaration; None where it declares none."""
    if OTHERS.match(text) or CLASS.match(text):
        return None
    match = EXPECTED.match(text)
    rest = after_angles(text[match.end() - 1:]) if match else text
    found = FUNCTION.match(rest)
    # std::function<void(int)> is the type of a member.
    if not found or rest[:found.start(1)].count("<") \
            > rest[:found.start(1)].count(">"):
        return None
    return found[1]


def enumerators(lines, start):
    """Those of the enum that begins in a line, and the line after the enum."""
    enum, found, doc = ENUM.match(lines[start].strip()), [], ""
    rest = lines[start].strip()[enum.end():]
    for number, line in enumerate([rest, *lines[start + 1:]], start + 1):
        code, _, comment = line.strip().partition("//")
        text = comment.lstrip("/<").strip()
        behind = comment.startswith("/<")
        names = ENUMERATOR.findall(code.partition("}")[0])
        for name in names:
            found.append(Enumerator(number, enum[1], name, bool(doc)))
            doc = ""
        if names and behind:
            # Behind the `}` it would be about the enum.
            found[-1].explained |= bool(text and "}" not in code)
        elif comment.startswith("/") and not behind:
            doc += text
        if "}" in code:
            break
    return found, number


class Header:
    """What one header has of the reference."""

    def __init__(self, text):
        self.doc = ""
        self.functions = []
        self.enumerators = []
        self.classes = {}
        self.namespaces = []
        self.lines = text.splitlines()
        self.read_up_to = 0
        comment = []
        for number, line in enumerate(self.lines):
            if number < self.read_up_to:
                continue
            if COMMENT.match(line):
                comment.append(COMMENT.sub("", line).strip())
                continue
            doc, comment = "\n".join(comment), []
            if re.search(r"^@file\b", doc, re.MULTILINE):
                self.doc = doc
            elif line.strip():
                self.read(number, line, doc)

    def read(self, number, line, doc):
        indent = len(line) - len(line.lstrip())
        namespace = NAMESPACE.match(line)
        access = ACCESS.match(line)
        if namespace and not line.rstrip().endswith("}"):
            self.namespaces.append(namespace[1].split("::"))
        elif line.startswith("} // namespace"):
            self.namespaces.pop()
        elif access:
            self.classes[indent].public = access[1] != "private"
        elif line.lstrip() == "};":
            self.classes.pop(indent, None)
        elif ENUM.match(line.strip()):
            found, self.read_up_to = enumerators(self.lines, number)
            if not self.hidden(indent):
                self.enumerators += found
        elif doc or re.match(r" *(template|class|struct|union)\b", line):
            self.declare(number, indent, doc)

    def around(self, indent):
        """The classes around what is indented so."""
        return [self.classes[i] for i in range(0, indent, 2)
                if i in self.classes]

    def hidden(self, indent):
        around = self.around(indent)
        # What is indented by more than the classes around it is in a function.
        return any("detail" in names for names in self.namespaces) \
            or len(around) < indent // 2 \
            or any(scope.hidden or not scope.public for scope in around)

    def declare(self, number, indent, doc):
        text, end = declared(self.lines, number)
        around, hidden = self.around(indent), self.hidden(indent)
        found = CLASS.match(text)
        name = function_name(text)
        if found:
            self.read_up_to = end
            for deeper in [i for i in self.classes if i >= indent]:
                del self.classes[deeper]
            self.classes[indent] = Scope(found[1], doc,
                                         hidden or "<" in found[2])
        # Only constructors, deduction guides and macros begin with the name.
        elif name and doc and not hidden and (
                around or not text.startswith(name)):
            self.functions.append(Function(number + 1, name, doc, around,
                                           bool(EXPECTED.match(text))))


def named_in(text):
    return set(NAMED.findall(text))


def codes(headers):
    """The names of all error codes."""
    return {one.name for path, enum in ENUMS
            for one in headers[path].enumerators if one.enum == enum}


def installed(root):
    """The paths of the headers that are installed."""
    for layer in LAYERS:
        text = (root / layer / "CMakeLists.txt").read_text(encoding="utf-8")
        for name in HEADERS.search(text)[1].split():
            yield f"{layer}/{name}"


def judge(root):
    """Yields (path, line, message) for each fault under `root`."""
    headers = {path: Header((root / path).read_text(encoding="utf-8"))
               for path in installed(root)}
    failing = {function.name for header in headers.values()
               for function in header.functions if function.fails}
    known = codes(headers)
    for path, header in headers.items():
        for one in header.enumerators:
            if not one.explained:
                yield path, one.line, (
                    f"{one.enum}::{one.name} has no comment: say what it "
                    "means, or when it occurs")
        for function in header.functions:
            said = "".join(RETURNS.findall(function.doc))
            for_all = "".join(scope.doc for scope in function.around)
            if function.fails and not named_in(said) & (
                    known | failing - {function.name}) \
                    and not named_in(for_all) & known:
                yield path, function.line, (
                    f"{function.name} does not say what it fails with: name "
                    "the codes in @returns")
            if not any("@thread" in doc for doc in
                       (function.doc, header.doc, for_all)):
                yield path, function.line, (
                    f"{function.name} has no thread rule: put an @thread at "
                    "it, at its class, or beside @file")


def main(root):
    found = list(judge(root))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    if found:
        print(f"{len(found)} omissions from the reference")
    return 1 if found else 0


GOOD = {
    "libpyactor/CMakeLists.txt": "pyactor_add_library(\n  libpyactor\n"
                                 "  SOURCES\n    a.cpp\n  HEADERS\n"
                                 "    error.hpp\n    a.hpp\n    b.hpp)\n",
    "runtime/CMakeLists.txt": "pyactor_add_library(runtime HEADERS\n"
                              "  c.hpp)\n",
    "supervisors/CMakeLists.txt": "pyactor_add_library(supervisors HEADERS\n"
                                  "  error.hpp)\n",
    "libpyactor/error.hpp": "enum class errc : uint8_t {\n  /// One.\n"
                            "  broken = 1,\n  /// Two.\n  lost,\n};\n",
    "supervisors/error.hpp": "enum class sup_errc : uint8_t {\n"
                             "  down = 1, ///< It has\n"
                             "            ///< ended.\n};\n",
    "libpyactor/a.hpp": """#pragma once

/// @file
/// @thread any

namespace PYACTOR_EXPORT pyactor {

/// @returns `broken` for zero
template <class T>
[[nodiscard]] expected<T> halve(T x) {
  /// Nothing.
  expected<T> result(fail(errc::broken, "nothing (at all)"));
  return result;
}

/// Twice.
/// @returns as `halve`
expected<std::vector<std::pair<int, int>>>
quarter(int x,
        const overlay& names = {});

} // namespace pyactor
""",
    "libpyactor/b.hpp": """#pragma once

/// A macro.
#define PYACTOR_TWICE(...) \\
  expected<void> f()

namespace PYACTOR_EXPORT pyactor {

namespace detail {

/// For `parts`.
expected<void> assemble(int x);

enum class step { first, last };

} // namespace detail

/// Plain data.
struct settings {
  /// What is called.
  std::function<expected<void>(int)> body{};
  /// A size.
  size_t size = std::max(1, 2);
};

/// All functions fail with `pyactor::lost` once it is over.
/// @thread its own
class parts : public settings {
public:
  /// @throws nothing
  explicit parts(settings from) noexcept : settings{from} {
  }

  /// Stops.
  expected<void> stop();

  /// A part.
  class part {
  public:
    /// Stops, too.
    expected<void> stop() const;

    /// What it is made of.
    enum matter : uint8_t {
      /// Wood,
      /// that is.
      wood = 1 << 0,
      stone = 1 << 1, ///< Stone.
    };
  };

private:
  enum class place { here, there };

  /// For us.
  expected<int> count_;
  /// For us, too.
  expected<int> count();
};

/// A part by itself.
/// @thread its own
template <class T>
class alone {
public:
  /// Starts.
  void start();
};

/// Deduces the type.
alone(const char*) -> alone<int>;

/// Of any parts.
template <>
struct converter<parts> {
  /// Converts.
  static expected<parts> from(int x);
};

/// How often.
/// @thread any
[[nodiscard]] constexpr int often() noexcept {
  return 1;
}

} // namespace pyactor
""",
    "runtime/c.hpp": """namespace pyactor {

class parts;

/// What may be.
enum class choice;

/// What is.
enum class truth {
  /// So it is.
  yes,
  // No more than that.
  /// So it is not.
  no, // as said
};

/// @returns success
///          - `down`: it has ended
/// @thread any
[[nodiscard]] sup_expected<void> end(parts& what);

} // namespace pyactor
""",
    "runtime/private.hpp": "/// Nobody sees it.\nexpected<void> hidden();\n",
}

# (file, what of it becomes what, how many are to be found), each by itself
BAD = [
    ("libpyactor/a.hpp", "`broken` for zero", "half of it", 1),
    ("libpyactor/a.hpp", "`broken`", "`Broken`", 1),
    ("libpyactor/a.hpp", "@returns `broken` for zero", "`broken` for zero", 1),
    ("libpyactor/a.hpp", "as `halve`", "as `quarter`", 1),
    ("libpyactor/a.hpp", "as `halve`", "as `fail`", 1),
    ("libpyactor/a.hpp", "/// @returns as `halve`\n", "", 1),
    ("libpyactor/a.hpp", "@thread any", "Any thread.", 2),
    ("libpyactor/a.hpp", "/// @file\n", "", 2),
    ("libpyactor/b.hpp", "namespace detail", "namespace details", 4),
    ("libpyactor/b.hpp", "pyactor::lost", "pyactor::found", 2),
    ("libpyactor/b.hpp", "@thread its own", "Its own thread.", 3),
    ("libpyactor/b.hpp", "private:", "protected:", 2),
    ("libpyactor/b.hpp", "private:", "};\n\n/// More.\nstruct more {", 4),
    ("libpyactor/b.hpp", "struct converter<parts>", "struct conversion", 2),
    ("libpyactor/b.hpp", "/// @thread any\n", "", 1),
    ("libpyactor/b.hpp", "  /// A size.\n  size_t size = std::max(1, 2);",
     "  /// A size.\n  size_t size() const;", 1),
    ("runtime/c.hpp", "`down`", "`up`", 1),
    ("runtime/c.hpp", "sup_expected<void>", "std::expected<void, error>", 0),
    ("runtime/c.hpp", "`down`: it has ended\n/// @thread any", "", 2),
    ("runtime/c.hpp", "/// @thread any\n[[nodiscard]] sup_expected<void> end",
     "sup_expected<std::function<void(int)>> end", 1),
    ("runtime/c.hpp", "[[nodiscard]] sup_expected<void> end(parts& what)",
     "inline sup_expected<std::unique_ptr<int>>\nend(parts& what)", 0),
    ("runtime/CMakeLists.txt", "  c.hpp", "  c.hpp\n  private.hpp", 2),
    ("runtime/c.hpp", "choice;", "choice { one, two };", 2),
    ("runtime/c.hpp", "choice;", "choice { one, two }; ///< One.", 2),
    ("runtime/c.hpp", "choice;", "choice {\n  /// Both.\n  one, two };", 1),
    ("runtime/c.hpp", "  /// So it is.\n", "", 1),
    ("runtime/c.hpp", "/// So it is not.", "// So it is not.", 1),
    ("runtime/c.hpp", "/// So it is not.", "///", 1),
    ("runtime/c.hpp", "  /// So it is not.\n  no,", "  no\n", 1),
    ("runtime/c.hpp", "no, // as said", "no,\n  /// Both.\n  maybe,", 0),
    ("libpyactor/b.hpp", " ///< Stone.", "", 1),
    ("libpyactor/b.hpp", " ///< Stone.", " // Stone.", 1),
    ("libpyactor/b.hpp", " ///< Stone.", " ///<", 1),
    ("libpyactor/b.hpp", "      /// Wood,\n      /// that is.\n", "", 1),
    ("supervisors/error.hpp", " ///< It has\n            ///< ended.", "", 1),
    ("supervisors/error.hpp", "down = 1, ///< It has\n            ///< ended.",
     "down = 1,\n///< It has ended.", 1),
]


def self_test():
    wrong = 0
    for bad in [None] + BAD:
        files = dict(GOOD)
        if bad:
            path, before, after, _ = bad
            assert before in files[path], bad
            files[path] = files[path].replace(before, after, 1)
        with checker.tree_of(files) as root:
            found = list(judge(root))
        if len(found) != (bad[3] if bad else 0):
            wrong += 1
            print(f"planted {bad}: found {found}")
    return checker.conclude(wrong, len(BAD) + 1)


if __name__ == "__main__":
    checker.run(__doc__, main, self_test)
