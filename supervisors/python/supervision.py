"""Supervision trees that are declared in Python.

    class Predictors(pyactor.Supervisor):
        intensity = 3

        def children(self, model):
            for i in range(4):
                yield pyactor.Child(f"predictor-{i}", Predictor, args=(model,))

    tree = Predictors.start("digits.bin")
    print(tree.text())

A class only declares: the supervisor itself is the one of C++, which never runs
Python code. `children` runs once for each tree, and all of the tree is checked
before anything of it starts. Times are in seconds.
"""

from __future__ import annotations

import math

import _pyactor
from _pyactor import ActorRef

__all__ = [
    "Backoff",
    "Child",
    "Limit",
    "Native",
    "Probe",
    "SupervisionError",
    "Supervisor",
    "Tree",
]

# How deep trees may be nested.
_MAX_DEPTH = 50

# -- what a field may be -------------------------------------------------------


class _Rule:
    """What a field may be; `read` gives None for what it may not be."""

    def __init__(self, allowed, read):
        self.allowed = allowed
        self.read = read

    def __or__(self, other):
        def read(x):
            first = self.read(x)
            return other.read(x) if first is None else first

        return _Rule(f"{self.allowed}, or {other.allowed}", read)


def _number(holds):
    def read(x):
        good = type(x) in (int, float) and not math.isnan(x) and holds(x)
        return float(x) if good else None

    return read


def _integer(allowed, lowest, highest=2**32 - 1):
    return _Rule(
        allowed,
        lambda x: x if type(x) is int and lowest <= x <= highest else None)


def _choice(*names):
    return _Rule(
        "one of " + ", ".join(map(repr, names)),
        lambda x: x if type(x) is str and x in names else None)


def _instance(of):
    return _Rule(f"a pyactor.{of.__name__}",
                 lambda x: x if isinstance(x, of) else None)


def _read_kwargs(x):
    good = isinstance(x, dict) and all(type(name) is str for name in x)
    return list(x.items()) if good else None


def _read_exceptions(x):
    names = []
    for each in x if isinstance(x, (list, tuple)) else (None,):
        if not isinstance(each, type) or not issubclass(each, BaseException):
            return None
        names.append(f"{each.__module__}.{each.__qualname__}")
    return names


_positive = _Rule("a number of seconds above 0",
                  _number(lambda x: 0 < x < math.inf))
_not_negative = _Rule("a number of seconds of at least 0",
                      _number(lambda x: 0 <= x < math.inf))
_or_forever = _Rule("a number of seconds above 0, or math.inf",
                    _number(lambda x: x > 0))
_count = _integer("an int of at least 0", 0)
_at_least_one = _integer("an int of at least 1", 1)
_text = _Rule("a str that is not empty",
              lambda x: x if type(x) is str and x else None)
_flag = _Rule("True or False", lambda x: x if type(x) is bool else None)
_args = _Rule("a tuple or list",
              lambda x: list(x) if isinstance(x, (tuple, list)) else None)
_kwargs = _Rule("a dict whose keys are str", _read_kwargs)

# -- what is declared ----------------------------------------------------------

_missing = object()


def _refusal(kind, where, what):
    return kind(f"{where}: {what}")


def _read_field(where, name, rule, x):
    read = rule.read(x)
    if read is None:
        raise _refusal(ValueError if type(x) in (int, float, str) else TypeError,
                       where, f"{name} must be {rule.allowed}, not {x!r}")
    return read


class _Record:
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
            raise _refusal(TypeError, where,
                           f"too many arguments; there are {', '.join(names)}")
        given = dict(zip(names, self._positional))
        for name, x in self._named.items():
            if name not in self._fields:
                raise _refusal(
                    TypeError, where,
                    f"there is no field {name!r}{_meant(name, names)}; there "
                    f"are {', '.join(names)}")
            if name in given:
                raise _refusal(TypeError, where, f"{name} was given twice")
            given[name] = x
        return given

    def _read(self, where, prefix=""):
        """All fields, checked, as plain data."""
        given = self._given(where)
        result = {}
        for name, (default, rule) in self._fields.items():
            x = given.get(name, default)
            if x is _missing:
                raise _refusal(TypeError, where, f"{prefix}{name} is missing; "
                               f"it must be {rule.allowed}")
            if name not in given or (x is None and default is None):
                result[name] = default
                continue
            x = _read_field(where, prefix + name, rule, x)
            if isinstance(x, _Record):
                x = x._read(f"{where}: {name}")
            result[name] = x
        return result


def _meant(name, names):
    import difflib  # not before somebody has mistyped something

    close = difflib.get_close_matches(name, names, 1)
    return f", did you mean {close[0]!r}?" if close else ""


class Backoff(_Record):
    """Pauses before automatic restarts: `initial` seconds, times `factor` with
    each failure in a row, at most `max`, plus up to `jitter` of it at random.
    `reset_after` seconds of running, and the next failure is the first one.
    """

    _fields = {
        "initial": (0.1, _positive),
        "max": (30.0, _positive),
        "factor": (2.0, _Rule("a number of at least 1",
                              _number(lambda x: 1 <= x < math.inf))),
        "jitter": (0.2, _Rule("a number from 0 to 1",
                              _number(lambda x: 0 <= x <= 1))),
        "reset_after": (60.0, _positive),
    }


class Limit(_Record):
    """At most `intensity` automatic restarts of a child in `period` seconds."""

    _fields = {"intensity": (_missing, _count), "period": (5.0, _positive)}


class Probe(_Record):
    """Asks a child how it is, again and again: calls its method `method`, which
    has to return True. What that raises is a miss, and ends nobody.

    Fields: method, args, kwargs, period, timeout, initial_delay,
    failure_threshold (misses in a row), success_threshold (successes in a row).
    """

    _fields = {
        "method": (_missing, _text),
        "args": ([], _args),
        "kwargs": ([], _kwargs),
        "period": (10.0, _positive),
        "timeout": (1.0, _positive),
        "initial_delay": (0.0, _not_negative),
        "failure_threshold": (3, _at_least_one),
        "success_threshold": (1, _at_least_one),
    }


class Native:
    """Names what C++ starts as a child: a start function that the program has
    registered under `name`."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"Native({self.name!r})"


def _read_target(x):
    return x if isinstance(x, (Native, str, type)) else None


class Child(_Record):
    """One child of a supervisor.

    id: unique within the supervisor
    target: a subclass of `Actor`, or "module:Class"; a subclass of `Supervisor`;
        or a `Native`
    args, kwargs: what each incarnation starts with; of a `Supervisor`, what its
        `children` gets
    restart: "permanent", "transient" (after failures) or "temporary" (never)
    backoff: a `Backoff`; pauses before automatic restarts
    limit, max_total_restarts: a `Limit` and a number, for this child alone
    startup, liveness, readiness: each a `Probe`
    shutdown: seconds from the request to the kill, math.inf to wait for as long
        as it takes, or "kill" to ask for nothing
    start_timeout: seconds until `__init__` must have returned, or math.inf
    fatal_on: exception types that no restart would mend
    significant: whether its end may be that of its supervisor
    pool, context: where an actor in Python lives; by default in the pool of who
        declares it, in one context after another
    """

    _fields = {
        "id": (_missing, _text),
        "target": (_missing, _Rule(
            "an actor class, 'module:Class', a supervisor class or a "
            "pyactor.Native", _read_target)),
        "args": ([], _args),
        "kwargs": ([], _kwargs),
        "restart": ("permanent",
                    _choice("permanent", "transient", "temporary")),
        "significant": (False, _flag),
        "shutdown": (None, _or_forever | _choice("kill")),
        "start_timeout": (None, _or_forever),
        "fatal_on": ([], _Rule("a tuple of exception types",
                               _read_exceptions)),
        "backoff": (None, _instance(Backoff)),
        "limit": (None, _instance(Limit)),
        "max_total_restarts": (None, _count),
        "startup": (None, _instance(Probe)),
        "liveness": (None, _instance(Probe)),
        "readiness": (None, _instance(Probe)),
        "pool": (None, _text),
        "context": (None, _count),
    }

    # What others than actors written in Python cannot have.
    _foreign = {
        "actor": (),
        "native": ("pool", "context"),
        "tree": ("pool", "context", "startup", "liveness", "readiness"),
    }
    _names = {"native": "pyactor.Native", "tree": "pyactor.Supervisor"}

    def _declare(self, owner, depth):
        """The child as plain data.

        owner: name of the supervisor's class
        """
        id = self._positional[0] if self._positional else self._named.get("id")
        where = f"{owner}: child {id!r}"
        result = self._read(where)
        kind, target, tree = self._resolve(where, result, depth)
        for name in self._foreign[kind]:
            if result[name] is not None:
                raise _refusal(ValueError, where, f"{name} must be left out: "
                               f"it is not for a {self._names[kind]}")
        self._check_plain(where, result)
        return result | {"kind": kind, "target": target, "tree": tree}

    def _resolve(self, where, fields, depth):
        target = fields["target"]
        if isinstance(target, Native):
            return "native", _read_field(where, "the name of a Native", _text,
                                         target.name), None
        if isinstance(target, type) and issubclass(target, Supervisor):
            tree = _declare(target, fields["args"], dict(fields["kwargs"]),
                            depth + 1)
            fields["args"], fields["kwargs"] = [], []
            return "tree", target.__qualname__, tree
        try:
            return "actor", _pyactor.spawn_target(target), None
        except (TypeError, ValueError) as why:
            raise _refusal(type(why), where, f"target: {why}") from None

    def _check_plain(self, where, fields):
        for name, x in (("args", fields["args"]), ("kwargs", fields["kwargs"])):
            try:
                _check_plain(x)
            except (TypeError, ValueError) as why:
                raise _refusal(type(why), where, f"{name}: {why}") from None


class Supervisor:
    """Base of every declared supervisor: derive from it, set what is not as
    below, and say in `children` whom it starts, in this order."""

    #: Whom a restart takes along: "one_for_one" nobody, "one_for_all" all
    #: others, "rest_for_one" those that started later. With
    #: "simple_one_for_one" there is one `Child`, from which `Tree.start_child`
    #: makes children on demand.
    strategy = "one_for_one"
    #: More automatic restarts than this within `period`, and it gives up.
    intensity = 1
    period = 5.0
    #: "never", or whether it ends with "any_significant" or with
    #: "all_significant" children.
    auto_shutdown = "never"
    #: The pause after a restart that failed, without a `Backoff`.
    min_retry_delay = 0.01
    #: "newest_first" or "at_once"; None for what fits the strategy.
    stop_order = None
    #: Most children at a time that are not stopped; None for any number.
    max_children = None

    _fields = {
        "strategy": _choice("one_for_one", "one_for_all", "rest_for_one",
                            "simple_one_for_one"),
        "intensity": _count,
        "period": _positive,
        "auto_shutdown": _choice("never", "any_significant", "all_significant"),
        "min_retry_delay": _not_negative,
        "stop_order": _choice("newest_first", "at_once"),
        "max_children": _at_least_one,
    }

    def children(self, *args, **kwargs):
        """Returns the children, a list or any other iterable of `Child`."""
        raise NotImplementedError(
            f"{type(self).__qualname__} does not define children()")

    @classmethod
    def start(cls, *args, then: str | None = None, **kwargs) -> Tree:
        """Starts the tree; `args` and `kwargs` go to `children`.

        Does not wait for the children: they may be about to start on this very
        thread. `then` names a method of the running actor, which is called with
        an outcome, as those of `Tree` are, when all have started or one could
        not. The tree stops when the running actor ends, and when the last
        `Tree` of it is gone.

        Raises TypeError or ValueError for what is wrong with the declaration,
        RuntimeError on a thread that runs no actor. Then nothing has started.
        """
        method = _method(then)
        declared = _translate(_declare(cls, args, kwargs))
        return Tree(_start(declared, method))


def _declare(cls, args, kwargs, depth=0):
    """A tree as plain data, checked."""
    owner = cls.__qualname__
    if depth > _MAX_DEPTH:
        raise _refusal(ValueError, owner, "supervisors must not be nested "
                       f"deeper than {_MAX_DEPTH} levels")
    what = cls()
    listed = what.children(*args, **kwargs)
    if isinstance(listed, (str, bytes, Child)) or not hasattr(
            type(listed), "__iter__"):
        raise _refusal(TypeError, owner, "children() must return a list of "
                       f"pyactor.Child, not {listed!r}")
    children = [_declare_child(owner, x, depth) for x in listed]
    return _read_flags(what, owner) | {"name": owner, "children": children}


def _declare_child(owner, x, depth=0):
    if not isinstance(x, Child):
        raise _refusal(TypeError, owner,
                       f"children() must give pyactor.Child objects, not {x!r}")
    return x._declare(owner, depth)


def _read_flags(what, owner):
    _refuse_typos(type(what), owner)
    result = {}
    for name, rule in Supervisor._fields.items():
        x = getattr(what, name)
        if x is None and getattr(Supervisor, name) is None:
            result[name] = None
        else:
            result[name] = _read_field(owner, name, rule, x)
    return result


def _refuse_typos(cls, owner):
    """A class may have constants of its own, but none that is nearly a field."""
    names = list(Supervisor._fields)
    for name, x in vars(cls).items():
        if name.startswith("_") or name in names or callable(x):
            continue
        if meant := _meant(name, names):
            raise _refusal(TypeError, owner,
                           f"there is no field {name!r}{meant}")


def _declare_target(target, args, kwargs):
    """For C++: what "module:Class" declares."""
    import importlib

    module, colon, name = target.partition(":")
    cls = importlib.import_module(module) if colon and name else None
    for part in name.split(".") if cls else ():
        cls = getattr(cls, part)
    if not isinstance(cls, type) or not issubclass(cls, Supervisor):
        raise TypeError(f"{target!r} must be 'module:Class', a subclass of "
                        "pyactor.Supervisor")
    return _translate(_declare(cls, args, kwargs))


# -- a tree that runs ----------------------------------------------------------


class SupervisionError(RuntimeError):
    """A supervisor could not answer.

    code: for example "supervisor_down" or "timed_out"
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def _method(name):
    if name is None:
        return ""
    if type(name) is not str or not name or name.startswith("_"):
        raise ValueError(f"then must name a public method, not {name!r}")
    return name


class Tree:
    """A running tree: asks and orders its topmost supervisor.

    Questions (`text`, `json`, `which_children`, `count_children`) wait for the
    answer, which needs no Python. Orders do not wait: what they start or stop
    may need this very thread. Their `then` names a method of the running actor
    that is called with the outcome, a dict: `child` (its id), `incarnation` (0
    if nothing was started), `error` (None, or a code such as "not_found") and
    `message`. Without `then`, what fails goes to the log.

    `Tree(ref)` makes another one of `ref`, which is plain data: it may be sent,
    and comes from C++ as well. The tree stops when the last one is gone.
    """

    __slots__ = ("ref",)

    def __init__(self, ref: ActorRef):
        _check_tree(ref)
        self.ref = ref

    def __repr__(self):
        return f"<Tree {self.ref!r}>"

    def __eq__(self, other):
        if not isinstance(other, Tree):
            return NotImplemented
        return self.ref == other.ref

    def __hash__(self):
        return hash(self.ref)

    # -- questions

    def text(self, timeout: float = 5.0) -> str:
        """The tree as a table for a person.

        This and the other questions raise SupervisionError where the supervisor
        has ended, or does not answer within `timeout` seconds.
        """
        return _answer(_ask_tree(self.ref, "text", _timeout(timeout)))

    def json(self, timeout: float = 5.0) -> str:
        """The tree as one line of JSON."""
        return _answer(_ask_tree(self.ref, "json", _timeout(timeout)))

    def which_children(self, timeout: float = 5.0) -> list[dict]:
        """The children in the order of their start, as `json` has them."""
        import json

        return json.loads(self.json(timeout))["children"]

    def count_children(self, timeout: float = 5.0) -> dict[str, int]:
        """How many there are: specs, active, supervisors, workers."""
        return dict(_answer(_ask_counts(self.ref, _timeout(timeout))))

    def child(self, id: str) -> ActorRef:
        """A reference that leads to whichever incarnation runs: it stays good
        over restarts. While none runs, or the child is not ready, it is not
        `alive`, and `send` raises DeadActorError, which says what the child is
        doing. It keeps nobody alive."""
        return _child(self.ref, id)

    # -- orders

    def start_child(self, *args, then: str | None = None, **kwargs) -> None:
        """Adds a `Child` and starts it; with "simple_one_for_one", adds one
        with these arguments, after those of its `Child`."""
        if len(args) == 1 and isinstance(args[0], Child) and not kwargs:
            _start_child(self.ref, _declare_child("start_child", args[0]),
                         _method(then))
        else:
            _start_child_with(self.ref, list(args), list(kwargs.items()),
                              _method(then))

    def restart_child(self, id: str, then: str | None = None) -> None:
        """Starts a stopped child."""
        _order(self.ref, "restart_child", id, _method(then))

    def cycle_child(self, id: str, then: str | None = None) -> None:
        """Resets a child: stops it and starts it with fresh state."""
        _order(self.ref, "cycle_child", id, _method(then))

    def retry_now(self, id: str, then: str | None = None) -> None:
        """Ends the pause of a child before its restart."""
        _order(self.ref, "retry_now", id, _method(then))

    def terminate_child(self, id: str, then: str | None = None) -> None:
        """Stops a child; it stays stopped."""
        _order(self.ref, "terminate_child", id, _method(then))

    def delete_child(self, id: str, then: str | None = None) -> None:
        """Drops the spec of a stopped child."""
        _order(self.ref, "delete_child", id, _method(then))

    def stop(self, then: str | None = None) -> None:
        """Stops all children, then the supervisor."""
        _order(self.ref, "stop", "", _method(then))


def _timeout(x):
    return _read_field("a question", "timeout", _positive, x)


def _answer(question):
    # In short steps, so that an `Interrupted` gets through.
    while (outcome := _await(question, 0.02)) is None:
        pass
    code, x = outcome
    if code:
        raise SupervisionError(code, x)
    return x
