"""What a field of a declared tree may be, and records of such fields."""

from __future__ import annotations

import math

# Names of `pyactor` itself.
__all__ = []

#: The default of a field that has to be given.
missing = object()


class Rule:
    """What a field may be; `read` gives None for what it may not be. A field
    whose default is None may be that, and one with `takes_none`."""

    def __init__(self, allowed, read, takes_none=False):
        self.allowed = allowed
        self.read = read
        self.takes_none = takes_none

    def __or__(self, other):
        def read(x):
            first = self.read(x)
            return other.read(x) if first is None else first

        return Rule(f"{self.allowed}, or {other.allowed}", read)


def number(allowed, holds):
    def read(x):
        good = type(x) in (int, float) and not math.isnan(x) and holds(x)
        return float(x) if good else None

    return Rule(allowed, read)


def integer(allowed, lowest, highest=2**32 - 1):
    return Rule(
        allowed,
        lambda x: x if type(x) is int and lowest <= x <= highest else None)


def choice(*names):
    return Rule(
        "one of " + ", ".join(map(repr, names)),
        lambda x: x if type(x) is str and x in names else None)


def or_none(rule):
    return Rule(f"{rule.allowed}, or None", rule.read, takes_none=True)


def instance(of):
    return Rule(f"a pyactor.{of.__name__}",
                lambda x: x if isinstance(x, of) else None)


def _read_kwargs(x):
    good = isinstance(x, dict) and all(type(name) is str for name in x)
    return list(x.items()) if good else None


positive = number("a number of seconds above 0", lambda x: 0 < x < math.inf)
not_negative = number("a number of seconds of at least 0",
                      lambda x: 0 <= x < math.inf)
or_forever = number("a number of seconds above 0, or math.inf", lambda x: x > 0)
any_wait = number("a number of seconds of at least 0, or math.inf",
                  lambda x: x >= 0)
count = integer("an int of at least 0", 0)
at_least_one = integer("an int of at least 1", 1)
text = Rule("a str that is not empty",
            lambda x: x if type(x) is str and x else None)
texts = Rule("a tuple or list of str",
             lambda x: list(x) if isinstance(x, (tuple, list))
             and all(type(each) is str for each in x) else None)
flag = Rule("True or False", lambda x: x if type(x) is bool else None)
args = Rule("a tuple or list",
            lambda x: list(x) if isinstance(x, (tuple, list)) else None)
kwargs = Rule("a dict whose keys are str", _read_kwargs)
method = Rule(
    "the name of a public method",
    lambda x: x if type(x) is str and x and not x.startswith("_") else None)


def refusal(kind, where, what):
    return kind(f"{where}: {what}")


def read_field(where, name, rule, x):
    """`x` as plain data. Raises what says where it is wrong, and how."""
    read = rule.read(x)
    if read is None:
        raise refusal(ValueError if type(x) in (int, float, str) else TypeError,
                      where, f"{name} must be {rule.allowed}, not {x!r}")
    return read._read(f"{where}: {name}") if isinstance(read, Record) else read


def meant(name, names, likeness=0.6):
    import difflib  # not before somebody has mistyped something

    close = difflib.get_close_matches(name, names, 1, likeness)
    return f", did you mean {close[0]!r}?" if close else ""


class Record:
    """Fields as they were given. They are checked where they are declared:
    there, it is known which supervisor and child they are about."""

    # Name -> (default, rule); a default is not checked.
    _fields: dict[str, tuple] = {}

    def __init__(self, *positional, **named):
        self._positional = positional
        self._named = named

    def __repr__(self):
        given = [repr(x) for x in self._positional]
        given += [f"{name}={x!r}" for name, x in self._named.items()]
        return f"{type(self).__name__}({', '.join(given)})"

    def _given(self, where):
        """The fields that were given, by name."""
        names = list(self._fields)
        if len(self._positional) > len(names):
            raise refusal(TypeError, where,
                          f"too many arguments; there are {', '.join(names)}")
        given = dict(zip(names, self._positional))
        for name, x in self._named.items():
            if name not in self._fields:
                raise refusal(
                    TypeError, where,
                    f"there is no field {name!r}{meant(name, names)}; there "
                    f"are {', '.join(names)}")
            if name in given:
                raise refusal(TypeError, where, f"{name} was given twice")
            given[name] = x
        return given

    def _read(self, where):
        """All fields, checked, as plain data."""
        given = self._given(where)
        result = {}
        for name, (default, rule) in self._fields.items():
            x = given.get(name, default)
            if x is missing:
                raise refusal(TypeError, where,
                              f"{name} is missing; it must be {rule.allowed}")
            may_be_none = default is None or rule.takes_none
            if name not in given or (x is None and may_be_none):
                result[name] = x
            else:
                result[name] = read_field(where, name, rule, x)
        return result
