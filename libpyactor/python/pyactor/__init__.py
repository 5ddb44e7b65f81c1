"""Actors written in Python, on the C++ runtime that this interpreter runs in.

A Python class becomes an actor by deriving from `Actor`; `spawn` starts one,
`send` talks to one. Messages are calls of a method by name, and arguments are
plain data: None, bool, int, float, str, bytes, list, tuple, dict, set,
frozenset and `ActorRef`, exactly these types.

    class Counter(pyactor.Actor):
        keep_alive_on = (ValueError,)

        def __init__(self, start=0):
            self.value = start

        def increment(self, by=1):
            self.value += by
            return self.value

The package is part of the library; nothing has to be installed.
"""

from __future__ import annotations

import _pyactor
from _pyactor import ActorRef, DeadActorError, Interrupted, Reject

__all__ = [
    "Actor",
    "ActorRef",
    "DeadActorError",
    "Interrupted",
    "Reject",
    "StartIgnored",
    "extend",
    "poison",
    "register",
    "self",
    "send",
    "spawn",
    "whereis",
]


class Actor:
    """Base of every actor class.

    An instance lives in one interpreter and is used by one thread, one call at
    a time. It is released when the actor ends; a supervisor's restart makes a
    new one with the same arguments.

    Every method whose name has no leading underscore can be called from
    outside, `on_exit` excepted. Its return value answers the caller. An exception that leaves it
    answers the caller with that error and ends the actor, unless it is a
    `Reject` or its type is listed in `keep_alive_on`. A call that no method
    takes (no such method, wrong number of arguments) is an error for the caller
    only. A decorator's wrapper that takes `*args` takes any call: where the
    arguments do not fit the method inside, the wrapper's own code has raised,
    and the actor ends.
    """

    #: Exception types that answer the caller and leave the actor alive.
    #: SystemExit, KeyboardInterrupt and MemoryError end it nevertheless.
    keep_alive_on: tuple[type[BaseException], ...] = ()

    #: How long one call may take, in milliseconds; 0 for any time, None for
    #: what the pool says. A call that takes longer gets an `Interrupted`, and
    #: the actor ends as hung, whatever it makes of that; so does one that does
    #: not come back. `extend` gives a call more time. `__init__` is not
    #: limited.
    max_handler_time: float | None = None

    def on_exit(self, reason: str) -> None:
        """Called once before the actor is released; does nothing by default.

        `reason` is for a person. What this raises is logged and changes
        nothing.
        """


class StartIgnored(Exception):
    """Raised by `__init__` of an `Actor`, or by `children` of a `Supervisor`,
    where there is nothing to start.

    That is no failure: the actor ends normally, and a supervised child is
    stopped until it is started again, or gone if it is temporary or made on
    demand.
    """


def self() -> ActorRef:
    """The actor that runs this code, as a weak reference.

    It does not keep the actor alive, so an actor may store it.

    Raises RuntimeError on a thread that runs no actor, for example one that
    `threading` has started.
    """
    return _pyactor.self()


def send(receiver: ActorRef | str, method: str, /, *args, **kwargs) -> None:
    """Sends a call of `method`, without waiting for its outcome.

    `receiver` is a reference or a registered name. Messages from one actor to
    another one arrive in the order in which they were sent.

    Raises DeadActorError if the receiver is known to be dead, LookupError if no
    live actor has the name, ValueError for a private method, TypeError for an
    argument that is no plain data; the text says which one and what to pass.
    Works on every thread.
    """
    _pyactor.send(receiver, method, *args, **kwargs)


def spawn(target: type[Actor] | str, /, *args, **kwargs) -> ActorRef:
    """Starts an actor and returns a strong reference to it.

    `target` is `"module:Class"` or a class that a module holds; `args` and
    `kwargs` go to its `__init__`. The actor ends when nothing refers to it
    strongly any more. An `__init__` that raises ends it, and one that raises
    `StartIgnored` ends it normally.

    Raises ValueError for a class that cannot be found by module and name, above
    all one that the actor's own source text defines: put it in a module.
    Raises TypeError for a class that is no `Actor` and for an argument that is
    no plain data, RuntimeError on a thread that runs no actor.
    """
    return _pyactor.spawn(target, *args, **kwargs)


def register(name: str, ref: ActorRef | None = None) -> None:
    """Gives an actor a name, until it ends; without `ref`, the running actor.

    Raises ValueError if a live actor has the name, DeadActorError if the actor
    is dead. Works on every thread if `ref` is given.
    """
    _pyactor.register(name, ref)


def extend(ms: float) -> None:
    """Gives the running call `ms` milliseconds more, from now on, before
    `Actor.max_handler_time` is over for it; never less than it had.

    Does nothing where there is no limit. Raises RuntimeError on a thread that
    runs no actor, TypeError and ValueError for what is no time.
    """
    _pyactor.extend(ms)


def poison(reason: str) -> None:
    """Has a fresh interpreter take the place of this one, which is not to be
    trusted any more: a C extension has broken its state, or a thread that cannot
    be stopped runs in it. Returns when the fresh one runs.

    From then on no new actor comes here, and whoever is restarted comes back in
    the fresh interpreter. Actors that live here go on, this one too; the
    interpreter ends with the last of them.

    `reason` is for the log. Raises RuntimeError on a thread that runs no actor,
    in a context of kind `main`, whose interpreter nothing can replace, and where
    no other interpreter could be started.
    """
    _pyactor.poison(reason)


def whereis(name: str) -> ActorRef | None:
    """The live actor of that name, or None. Works on every thread."""
    return _pyactor.whereis(name)
