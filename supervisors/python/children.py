"""What a declared child is made of."""

from __future__ import annotations

import math

from _pyactor import ActorRef
from pyactor import supervision_fields as may_be
from pyactor.supervision_fields import (
    Record, Rule, missing, read_field, refusal)

__all__ = [
    "Backoff",
    "Buffer",
    "Child",
    "DeadLetters",
    "Limit",
    "Native",
    "Probe",
    "partition_children",
]


class Backoff(Record):
    """Pauses before automatic restarts: `initial` seconds, times `factor` with
    each failure in a row, at most `max`, plus up to `jitter` of it at random.
    `reset_after` seconds of running, and the next failure is the first one.
    """

    _fields = {
        "initial": (0.1, may_be.positive),
        "max": (30.0, may_be.positive),
        "factor": (2.0, may_be.number("a number of at least 1",
                                      lambda x: 1 <= x < math.inf)),
        "jitter": (0.2, may_be.number("a number from 0 to 1",
                                      lambda x: 0 <= x <= 1)),
        "reset_after": (60.0, may_be.positive),
    }


class Limit(Record):
    """At most `intensity` automatic restarts of a child in `period` seconds."""

    _fields = {
        "intensity": (missing, may_be.count),
        "period": (5.0, may_be.positive),
    }


class Probe(Record):
    """Asks a child how it is, again and again: calls its method `method`, which
    has to return True. What that raises is a miss, and ends nobody.

    Fields: method, args, kwargs, period, timeout, initial_delay,
    failure_threshold (misses in a row), success_threshold (successes in a row).
    """

    _fields = {
        "method": (missing, may_be.text),
        "args": ([], may_be.args),
        "kwargs": ([], may_be.kwargs),
        "period": (10.0, may_be.positive),
        "timeout": (1.0, may_be.positive),
        "initial_delay": (0.0, may_be.not_negative),
        "failure_threshold": (3, may_be.at_least_one),
        "success_threshold": (1, may_be.at_least_one),
    }


class Buffer(Record):
    """What a child is sent while it takes nothing waits for it: `capacity`
    messages at most, each for `ttl` seconds, or math.inf."""

    _fields = {
        "capacity": (1000, may_be.at_least_one),
        "ttl": (10.0, may_be.or_forever),
    }


class DeadLetters(Record):
    """What a child is sent while it takes nothing goes to somebody else:
    `method` of `to`, an `ActorRef`, is called with a dict of `child` (its id),
    `status` (what it was doing), `method`, `args` and `kwargs`; the last three
    are None for a message of C++ that is no call. A request fails at once
    nevertheless. Where `to` is not alive, a letter goes to the log.

    A reference from `Tree.child` is good for this, too, and one from
    `pyactor.self` does not keep its actor alive.
    """

    _fields = {
        "to": (missing, Rule(
            "an ActorRef", lambda x: x if isinstance(x, ActorRef) else None)),
        "method": (missing, may_be.method),
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


_exit_class = may_be.choice("normal", "shutdown", "abnormal", "fatal")


def _read_classes(x):
    if not isinstance(x, dict):
        return None
    result = {}
    for kind, meaning in x.items():
        if not isinstance(kind, type) or not issubclass(kind, BaseException):
            return None
        if _exit_class.read(meaning) is None:
            return None
        result[f"{kind.__module__}.{kind.__qualname__}"] = meaning
    return result


class Child(Record):
    """One child of a supervisor.

    id: unique within the supervisor
    target: a subclass of `Actor`, or "module:Class"; a subclass of
        `Supervisor`; or a `Native`
    args, kwargs: what each incarnation starts with; of a `Supervisor`, what its
        `children` gets
    restart: "permanent", "transient" (after failures) or "temporary" (never)
    backoff: a `Backoff`; pauses before automatic restarts
    limit, max_total_restarts: a `Limit` and a number, for this child alone
    poison_threshold: crashes on equal calls after which it refuses the next
        equal one, with `poison_message`; 0 for never
    startup, liveness, readiness: each a `Probe`
    shutdown: seconds from the request to the kill, 0 for one right after the
        other, math.inf to wait for as long as it takes, or "kill" to ask for
        nothing
    kill_grace: seconds from each further step of a stop to the next; 1 by
        default
    start_timeout: seconds until `__init__` must have returned, or math.inf
    max_handler_time: seconds that one message may take; overrules that of the
        class, which is in milliseconds, and that of the pool. Of a `Native`, it
        holds for what C++ starts by `start_pinned` or `start_python`
    classify: what it means that an exception has ended the child, or its start,
        for example {FileNotFoundError: "fatal"}: "normal", "shutdown",
        "abnormal", or "fatal", which no restart would mend. Where several types
        fit, the one decides that comes first in the exception's MRO. Where none
        does, the same goes for what the exception followed from, by `raise ...
        from` or in an `except`, nearest first; `from None` ends that. What is
        no `Exception`, such as SystemExit, means what it says
    significant: whether its end may be that of its supervisor
    while_down: "fail_fast", a `Buffer` or `DeadLetters`: what becomes of what
        it is sent while it does not run, or is not ready
    register_as: the name that `Tree.whereis` finds it by, and
        `supervisors::whereis` in C++
    tags: a list of str for whoever looks at the tree
    pool, context: where an actor in Python lives; by default in the pool of who
        declares it, in one context after another
    isolation: what is new in each incarnation: the "instance" (the default), or
        a "subinterpreter" that it shares with nobody, with a thread and a GIL
        of its own; that is like those of the pool otherwise, and has no
        `context`. It takes CPython 3.14
    """

    _fields = {
        "id": (missing, may_be.text),
        "target": (missing, Rule(
            "an actor class, 'module:Class', a supervisor class or a "
            "pyactor.Native", _read_target)),
        "args": ([], may_be.args),
        "kwargs": ([], may_be.kwargs),
        "restart": ("permanent",
                    may_be.choice("permanent", "transient", "temporary")),
        "significant": (False, may_be.flag),
        "shutdown": (None, may_be.any_wait | may_be.choice("kill")),
        "kill_grace": (None, may_be.not_negative),
        "start_timeout": (None, may_be.or_forever),
        "max_handler_time": (None, may_be.positive),
        "classify": (None, Rule(
            "a dict from exception types to " + _exit_class.allowed,
            _read_classes)),
        "backoff": (None, may_be.instance(Backoff)),
        "limit": (None, may_be.instance(Limit)),
        "max_total_restarts": (None, may_be.count),
        "poison_threshold": (0, may_be.count),
        "startup": (None, may_be.instance(Probe)),
        "liveness": (None, may_be.instance(Probe)),
        "readiness": (None, may_be.instance(Probe)),
        "while_down": ("fail_fast", may_be.choice("fail_fast")
                       | may_be.instance(Buffer)
                       | may_be.instance(DeadLetters)),
        "register_as": (None, may_be.text),
        "tags": ([], may_be.texts),
        "pool": (None, may_be.text),
        "context": (None, may_be.count),
        "isolation": (None, may_be.choice("instance", "subinterpreter")),
    }

    # Whether `partition_children` has made it.
    _is_partition = False


def partition_children(count: int, child: Child) -> list[Child]:
    """Children among which keys are divided, for `Supervisor.children` to
    return: `count` of them that are like `child`, with the ids "0", "1" and so
    on, and the number of each in front of its `args`. `Tree.partitions` finds
    the one for a key.

        def children(self, count):
            return pyactor.partition_children(
                count, pyactor.Child(target=Cache, args=("/var/cache",)))

    Their supervisor has the strategy "one_for_one" and no `auto_shutdown`,
    else its declaration raises ValueError, and they are not "temporary".
    """
    where = "partition_children"
    count = read_field(where, "count", may_be.at_least_one, count)
    if not isinstance(child, Child):
        raise refusal(TypeError, where,
                      f"child must be a pyactor.Child, not {child!r}")
    given = child._given(where)
    if given.get("restart") == "temporary":
        raise refusal(ValueError, where, "a partition must not be temporary")
    args = read_field(where, "args", may_be.args, given.get("args", ()))
    result = [Child(**given | {"id": str(i), "args": [i, *args]})
              for i in range(count)]
    for each in result:
        each._is_partition = True
    return result
