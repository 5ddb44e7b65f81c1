"""Supervisors that are declared, and what becomes of a declaration."""

from __future__ import annotations

import math

import _pyactor
import pyactor
from pyactor import supervision_fields as may_be
from pyactor.supervision_children import Child, Native
from pyactor.supervision_events import events_field
from pyactor.supervision_fields import Record, meant, read_field, refusal

__all__ = ["Supervisor", "Throttle"]

# How deep trees may be nested.
_MAX_DEPTH = 50


class Throttle(Record):
    """How many children may start at a time, and how often they may come back
    by themselves: a `start_throttle` of C++. All supervisors share the limits
    that are given this very object, and those below them.

    Fields: max_concurrent_starts (4), restarts_per_second (None), both None for
    no limit; restart_burst (1; so many restarts at once after a quiet time).
    """

    _fields = {
        "max_concurrent_starts": (4, may_be.or_none(may_be.at_least_one)),
        "restarts_per_second": (None, may_be.number(
            "a number above 0", lambda x: 0 < x < math.inf)),
        "restart_burst": (1, may_be.at_least_one),
    }
    _shared = None

    def _read(self, where):
        if self._shared is None:
            self._shared = _make_throttle(super()._read(where))
        return self._shared


class Supervisor:
    """Base of every declared supervisor: derive from it, set what is not as
    below, and say in `children` whom it starts, in this order."""

    #: Whom a restart takes along: "one_for_one" nobody, "one_for_all" all
    #: others, "rest_for_one" those that started later. With
    #: "simple_one_for_one" there is one `Child`, from which `Tree.start_child`
    #: makes children on demand.
    strategy = "one_for_one"
    #: More automatic restarts than this within `period`, and `on_limit` says
    #: what follows.
    intensity = 1
    period = 5.0
    #: "shutdown_self": it gives up; "stop_child": that child stays stopped;
    #: "keep_backoff": it comes back after its longest pause; "abort_process".
    on_limit = "shutdown_self"
    #: "never", or whether it ends with "any_significant" or with
    #: "all_significant" children.
    auto_shutdown = "never"
    #: The pause after a restart that failed, without a `Backoff`.
    min_retry_delay = 0.01
    #: "newest_first" or "at_once"; None for what fits the strategy.
    stop_order = None
    #: Most children at a time that are not stopped; None for any number.
    max_children = None
    #: So many children that could not even be killed, and the next automatic
    #: restart is one too many.
    max_zombies = 4
    #: A `Throttle`; None for that of the supervisor above.
    throttle = None
    #: An `EventStream` that is told what happens to its children; None for
    #: none. Supervisors below have their own.
    events = None
    #: Whether a supervisor that gave up has failed, so that a transient one
    #: comes back. Where this is off, it ends as one that was told to.
    give_up_is_failure = True

    _fields = {
        "strategy": may_be.choice("one_for_one", "one_for_all", "rest_for_one",
                                  "simple_one_for_one"),
        "intensity": may_be.count,
        "period": may_be.positive,
        "on_limit": may_be.choice("shutdown_self", "stop_child", "keep_backoff",
                                  "abort_process"),
        "auto_shutdown": may_be.choice("never", "any_significant",
                                       "all_significant"),
        "min_retry_delay": may_be.not_negative,
        "stop_order": may_be.choice("newest_first", "at_once"),
        "max_children": may_be.at_least_one,
        "max_zombies": may_be.at_least_one,
        "throttle": may_be.instance(Throttle),
        "events": events_field,
        "give_up_is_failure": may_be.flag,
    }

    def children(self, *args, **kwargs):
        """Returns the children, a list or any other iterable of `Child`.

        Raises `pyactor.StartIgnored` where there is nothing to start: below
        another supervisor, it is a child that is stopped then.
        """
        raise NotImplementedError(
            f"{type(self).__qualname__} does not define children()")

    @classmethod
    def start(cls, *args, then: str | None = None,
              **kwargs) -> pyactor.Tree:
        """Starts the tree; `args` and `kwargs` go to `children`.

        Does not wait for the children: they may be about to start on this very
        thread. `then` names a method of the running actor, which is called with
        an outcome, as those of `Tree` are, when all have started or one could
        not. The tree stops when the running actor ends, and when the last
        `Tree` of it is gone.

        Raises TypeError or ValueError for what is wrong with the declaration,
        RuntimeError on a thread that runs no actor, and the StartIgnored of
        `children`. Then nothing has started. An `__init__` that lets the last
        one pass has nothing to start itself: catch it where the actor is of use
        without the tree.
        """
        method = read_then(then)
        return pyactor.Tree(_start(declare(cls, args, kwargs), method))


def read_then(name):
    """The method that an outcome goes to; empty for none."""
    return "" if name is None else read_field("an order", "then", may_be.method,
                                              name)


# -- supervisors


def declare(cls, args, kwargs):
    """What `cls` declares: checked, and as C++ takes it."""
    return _translate(_read_tree(cls, args, kwargs))


def declare_target(target, args, kwargs):
    """For C++: what "module:Class" declares, or None if it has nothing to
    start."""
    import importlib

    module, colon, name = target.partition(":")
    cls = importlib.import_module(module) if colon and name else None
    for part in name.split(".") if cls else ():
        cls = getattr(cls, part)
    if not is_supervisor(cls):
        raise TypeError(f"{target!r} must be 'module:Class', a subclass of "
                        "pyactor.Supervisor")
    try:
        return declare(cls, args, kwargs)
    except pyactor.StartIgnored:
        return None


def is_supervisor(x):
    return isinstance(x, type) and issubclass(x, Supervisor)


def _read_tree(cls, args, kwargs, depth=0):
    """A tree as plain data."""
    owner = cls.__qualname__
    if depth > _MAX_DEPTH:
        raise refusal(ValueError, owner, "supervisors must not be nested "
                      f"deeper than {_MAX_DEPTH} levels")
    what = cls()
    listed = what.children(*args, **kwargs)
    if isinstance(listed, (str, bytes, Child)) or not hasattr(
            type(listed), "__iter__"):
        raise refusal(TypeError, owner, "children() must return a list of "
                      f"pyactor.Child, not {listed!r}")
    children = []
    has_partitions = False
    for x in listed:
        children.append(read_child(owner, x, depth))
        has_partitions |= x._is_partition
    flags = _read_flags(what, owner)
    if has_partitions:
        _check_partitions(flags, owner)
    return flags | {"name": owner, "children": children}


def _check_partitions(flags, owner):
    """No partition may depend on another one."""
    for name, wanted in (("strategy", "one_for_one"),
                         ("auto_shutdown", "never")):
        if flags[name] != wanted:
            raise refusal(ValueError, owner, f"{name} must be {wanted!r} with "
                          f"partition_children, not {flags[name]!r}")


def _read_flags(what, owner):
    _refuse_typos(type(what), owner)
    result = {}
    for name, rule in Supervisor._fields.items():
        x = getattr(what, name)
        if x is None and getattr(Supervisor, name) is None:
            result[name] = None
        else:
            result[name] = read_field(owner, name, rule, x)
    return result


def _refuse_typos(cls, owner):
    """A class may have constants of its own, but none that looks like a
    field."""
    names = list(Supervisor._fields)
    for name, x in vars(cls).items():
        if name.startswith("_") or name in names or callable(x):
            continue
        if hint := meant(name, names, likeness=0.75):
            raise refusal(TypeError, owner,
                          f"there is no field {name!r}{hint}")


# -- children

# What others than actors written in Python cannot have.
_foreign = {
    "actor": (),
    "native": ("pool", "context"),
    "tree": ("pool", "context", "startup", "liveness", "readiness",
             "max_handler_time", "classify", "isolation"),
}
_kinds = {"native": "pyactor.Native", "tree": "pyactor.Supervisor"}


def read_child(owner, x, depth=0):
    """A child as plain data.

    owner: name of the supervisor's class
    """
    if not isinstance(x, Child):
        raise refusal(TypeError, owner,
                      f"children() must give pyactor.Child objects, not {x!r}")
    id = x._positional[0] if x._positional else x._named.get("id")
    where = f"{owner}: child {id!r}"
    result = x._read(where)
    kind, target, tree = _resolve(where, result, depth)
    for name in _foreign[kind]:
        if result[name] is not None:
            raise refusal(ValueError, where, f"{name} must be left out: it is "
                          f"not for a {_kinds[kind]}")
    if result["isolation"] == "subinterpreter" and result["context"] is not None:
        raise refusal(ValueError, where, "context must be left out: a child with "
                      "a subinterpreter of its own lives in none of the pool's")
    for name in "args", "kwargs":
        _check_data(where, name, result[name])
    return result | {"kind": kind, "target": target, "tree": tree}


def _resolve(where, fields, depth):
    target = fields["target"]
    if isinstance(target, Native):
        return "native", read_field(where, "the name of a Native", may_be.text,
                                    target.name), None
    if is_supervisor(target):
        try:
            tree = _read_tree(target, fields["args"], dict(fields["kwargs"]),
                              depth + 1)
        except pyactor.StartIgnored:
            tree = None
        fields["args"], fields["kwargs"] = [], []
        return "tree", target.__qualname__, tree
    try:
        return "actor", _pyactor.spawn_target(target), None
    except (TypeError, ValueError) as why:
        raise refusal(type(why), where, f"target: {why}") from None


def _check_data(where, name, x):
    try:
        _check_plain(x)
    except (TypeError, ValueError) as why:
        raise refusal(type(why), where, f"{name}: {why}") from None
