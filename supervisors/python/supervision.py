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

import pyactor
from _pyactor import ActorRef
from pyactor import supervision_fields as may_be
from pyactor.supervision_children import Child
from pyactor.supervision_declaration import (
    Supervisor, declare, is_supervisor, read_child, read_then)
from pyactor.supervision_fields import Rule, read_field

__all__ = ["Partitions", "SupervisionError", "Tree"]


class SupervisionError(RuntimeError):
    """A supervisor could not answer.

    code: for example "supervisor_down" or "timed_out"
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Tree:
    """A running tree: asks and orders its topmost supervisor.

    Questions (`text`, `json`, `which_children`, `which_child`,
    `count_children`, `child_spec`, `statistics`) wait for the answer, which
    needs no Python. Orders and requests do not wait: what they start, stop or
    ask may need this very thread. Their `then` names a method of the running
    actor that is called with the outcome, a dict: `child` (its id),
    `incarnation` (0 if nothing was started), `error` (None, or a code such as
    "not_found"), `message`, and of an order `told` (what a start function in
    C++ has told of its child, or None). Of a request with "child_unavailable"
    there are also `status` (what the child was doing, such as "restarting";
    "running" where it was not ready) and `retry_after` (seconds from the
    beginning of a pause to the next start, or None where that is not known).
    Without `then`, what fails goes to the log.

    `Tree(ref)` makes another one of `ref`, which is plain data: it may be sent,
    and comes from C++ as well. The tree stops when the last one is gone, those
    that `below` has made included.
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

    def below(self, id: str) -> Tree:
        """The supervisor that is the child `id` of this one, as a `Tree` of its
        own: whichever incarnation of it runs when something is asked or
        ordered. It stays good over restarts, and keeps the whole tree from
        stopping, as this one does. What orders change below lasts until that
        supervisor starts again: then its children are those of its class.

        Nothing waits for it: while it does not run, questions raise a
        SupervisionError, and outcomes of orders have its code:
        "child_unavailable"; "not_found" where there is no such child;
        "not_a_supervisor" where it is an actor, which notices nothing;
        "supervisor_down" where the supervisor above it does not run; or
        "child_down" where it ends before it has answered.

        Its `stop` raises ValueError: use `terminate_child` of this one.
        """
        return Tree(_below(self.ref, id))

    def partitions(self, count: int) -> Partitions:
        """Divides keys among the children "0", "1" and so on, which are
        `count`, as `partition_children` has declared them, or
        `partition_specs` in C++.

        Each result begins with all of them, and only those that share its `ref`
        know of its `resize`.
        """
        return Partitions(_make_partitions(self.ref, read_field(
            "partitions", "count", may_be.at_least_one, count)))

    @staticmethod
    def whereis(name: str) -> ActorRef | None:
        """The child of any tree, also one of C++, that has `name` by its
        `register_as`, as `child` gives it; None where there is none.

        It is apart from `pyactor.whereis`, which knows actors by what
        `pyactor.register` has called them: such a name is gone with its actor,
        and this one stays over restarts of the child, until it is deleted or
        its supervisor ends."""
        return _whereis(name)

    # -- questions

    def text(self, timeout: float = 5.0) -> str:
        """The tree as a table for a person.

        This and the other questions raise SupervisionError where the supervisor
        has ended, or does not answer within `timeout` seconds. One below it
        that does not is shown without its children, with an `error`.
        """
        return _answer(_ask_tree(self.ref, "text", _timeout(timeout)))

    def json(self, timeout: float = 5.0) -> str:
        """The tree as one line of JSON."""
        return _answer(_ask_tree(self.ref, "json", _timeout(timeout)))

    def which_children(self, timeout: float = 5.0) -> list[dict]:
        """The children in the order of their start, as `json` has them: this
        looks at the whole tree below."""
        import json

        return json.loads(self.json(timeout))["children"]

    def which_child(self, id: str, timeout: float = 5.0) -> dict:
        """That child, as `which_children` has it, asked of this supervisor
        alone: of a child that is one itself, `supervisor`, `error` and
        `children` are left out, see `below`. Raises SupervisionError
        "not_found" where there is no such child, and "simple_one_for_one" for
        the id of the one `Child` that all children come from."""
        import json

        result = json.loads(_answer(
            _ask_child(self.ref, id, _timeout(timeout))))
        for name in "supervisor", "error", "children":
            result.pop(name, None)
        return result

    def count_children(self, timeout: float = 5.0) -> dict[str, int]:
        """How many there are: specs, active, supervisors, workers."""
        return dict(_answer(_ask_counts(self.ref, _timeout(timeout))))

    def child_spec(self, id: str, timeout: float = 5.0) -> dict:
        """What the supervisor goes by for that child, its defaults filled in:
        `id`, `type` ("worker" or "supervisor"), and all fields of `Child` but
        what it is started with (`target`, `args`, `kwargs`, `pool`, `context`)
        and `classify`. Records are dicts, a `Probe` of a question in C++ with
        None for `method`, `args` and `kwargs`; `while_down` has a `kind`,
        "fail_fast", "buffer" or "dead_letters". Raises SupervisionError
        "not_found" where there is no such child."""
        return _answer(_ask_spec(self.ref, id, _timeout(timeout)))

    def statistics(self, timeout: float = 5.0) -> dict:
        """What the supervisor has seen and done since it started, without those
        below it: the counters of `supervisor_statistics` in C++, such as
        `restarts`, `kills` and `lost_requests`, and `zombies`, a list of dicts
        with `id`, `incarnation` and `context`."""
        return _answer(_ask_statistics(self.ref, _timeout(timeout)))

    def child(self, id: str) -> ActorRef:
        """A reference that leads to whichever incarnation runs: it stays good
        over restarts. While none runs, or the child is not ready, it is not
        `alive`, and `send` raises DeadActorError, which says what the child is
        doing, or does what the `while_down` of its `Child` says. It keeps
        nobody alive."""
        return _child(self.ref, id)

    # -- requests

    def request(self, id: str, method: str, /, *args, then: str | None = None,
                timeout: float = math.inf, **kwargs) -> None:
        """Calls `method` of the child's incarnation that runs; there is one
        outcome, with what it returned as `answer`.

        What a method raises is the error "python_exception", or "rejected" for
        a `Reject`. While the child does not run, or is not ready, the request
        fails at once with "child_unavailable", or waits in the `Buffer` of its
        `Child`. An incarnation that ends first leaves it with "child_down":
        whether it was handled is not known, and nobody sends it again. After
        `timeout` seconds it is "timed_out", and its answer is dropped.
        """
        limit = read_field("a request", "timeout", may_be.or_forever, timeout)
        _request(self.ref, id, (method, list(args), list(kwargs.items())),
                 limit, read_then(then))

    # -- orders

    def start_child(self, *args, then: str | None = None, **kwargs) -> None:
        """Adds a `Child` and starts it; with "simple_one_for_one", adds one
        with these arguments, after those of its `Child`. With "one_for_one",
        the `Child` "*" gets an id from the supervisor, for example "child-1",
        which the outcome says."""
        if len(args) == 1 and isinstance(args[0], Child) and not kwargs:
            _start_child(self.ref, read_child("start_child", args[0]),
                         read_then(then))
        else:
            _start_child_with(self.ref, list(args), list(kwargs.items()),
                              read_then(then))

    def restart_child(self, id: str, then: str | None = None) -> None:
        """Starts a stopped child."""
        _order(self.ref, "restart_child", id, read_then(then))

    def cycle_child(self, id: str, then: str | None = None) -> None:
        """Resets a child: stops it and starts it with fresh state."""
        _order(self.ref, "cycle_child", id, read_then(then))

    def retry_now(self, id: str, then: str | None = None) -> None:
        """Ends the pause of a child before its restart."""
        _order(self.ref, "retry_now", id, read_then(then))

    def terminate_child(self, id: str, then: str | None = None) -> None:
        """Stops a child; it stays stopped."""
        _order(self.ref, "terminate_child", id, read_then(then))

    def delete_child(self, id: str, then: str | None = None) -> None:
        """Drops the spec of a stopped child."""
        _order(self.ref, "delete_child", id, read_then(then))

    def reload(self, cls: type[Supervisor], /, *args, mode: str,
               then: str | None = None, **kwargs) -> None:
        """Gives the supervisor the flags of `cls`, and the list that its
        `children` gives for `args` and `kwargs`.

        A child that is in both lists goes on as it is, with its new `Child`:
        what it starts as is for its next start, see `cycle_child`, and so are
        the children of a child supervisor. With `mode` "converge", children of
        the old list alone are stopped and dropped, and those of the new list
        alone started; with "otp", they are kept, and added without a start.

        What C++ has set beside the declaration, such as a function for
        `on_limit`, is gone.

        The outcome says which: `added`, `changed`, `removed` and `kept` are
        lists of ids, and `failed` is one of the outcomes of starts that failed.

        Raises TypeError or ValueError for what is wrong with the declaration;
        what is wrong for this supervisor is the error "invalid_spec". Then
        nothing has changed. Nor has it where `children` raises `StartIgnored`:
        then all lists are empty, and there is no error.
        """
        if not is_supervisor(cls):
            raise TypeError("reload: it takes a subclass of "
                            f"pyactor.Supervisor, not {cls!r}")
        mode = read_field("reload", "mode", may_be.choice("otp", "converge"),
                          mode)
        method = read_then(then)
        try:
            declared = declare(cls, args, kwargs)
        except pyactor.StartIgnored:
            _reload_nothing(self.ref, method)
        else:
            _reload(self.ref, declared, mode, method)

    def stop(self, then: str | None = None, *, force: bool = False) -> None:
        """Stops all children, then the supervisor. With `force`, children that
        may take for ever are killed instead, also where a stop is under way."""
        _stop(self.ref, read_field("stop", "force", may_be.flag, force),
              read_then(then))


class Partitions:
    """Children of one kind among which keys are divided: each key has its
    child, always the same one, for as long as there are as many of them. C++
    divides them in the same way, by `partition_supervisor`.

        caches = Caches.start(8).partitions(8)
        caches.child_for("alice").send("add", "book")
        caches.tree.request(caches.id_for("alice"), "items", then="got_items")

    A key is a str, whose UTF-8 counts, bytes, or an int of 64 bits, signed or
    not.

    `Partitions(ref)` makes another one of `ref`, which is plain data, as that
    of a `Tree` is: it may be sent, comes from C++ as well, and keeps the tree
    from stopping. A resize by one of them is one for all.
    """

    __slots__ = ("ref",)

    def __init__(self, ref: ActorRef):
        _partitions_size(ref)  # raises for what is something else
        self.ref = ref

    def __repr__(self):
        return f"<Partitions {self.ref!r}>"

    def __eq__(self, other):
        if not isinstance(other, Partitions):
            return NotImplemented
        return self.ref == other.ref

    def __hash__(self):
        return hash(self.ref)

    @property
    def tree(self) -> Tree:
        """Their supervisor."""
        return Tree(_partitions_tree(self.ref))

    @property
    def size(self) -> int:
        """How many there are now."""
        return _partitions_size(self.ref)

    def id_for(self, key: str | bytes | int) -> str:
        """The id of the child for this key, for questions, requests and orders
        of `tree`. With no partition left, that of partition 0, which does not
        run."""
        return _partition_id(self.ref, read_field("a partition", "key", _key,
                                                  key))

    def child_for(self, key: str | bytes | int) -> ActorRef:
        """A reference to that child, as `Tree.child` gives it."""
        return self.tree.child(self.id_for(key))

    def resize(self, count: int, then: str | None = None) -> None:
        """Changes how many there are, from 0 to as many as at first. Those that
        are too many stop, highest number first; those that are missing start,
        lowest first. Keys are divided anew: among the first ones at once if
        there are to be fewer, and with each one that has started if there are
        to be more.

        An order, as those of `Tree`; several are carried out one after another.
        What fails leaves as many as could be stopped or started, and comes
        about when this is called again. More than at first are the error
        "invalid_spec".
        """
        _resize(self.ref, read_field("resize", "count", may_be.count, count),
                read_then(then))


def _read_key(x):
    if type(x) is int:
        return x if -2**63 <= x < 2**64 else None
    return x if type(x) in (str, bytes) else None


_key = Rule("a str, bytes or an int of 64 bits", _read_key)


def _timeout(x):
    return read_field("a question", "timeout", may_be.positive, x)


def _answer(question):
    # In short steps, so that an `Interrupted` gets through.
    while (outcome := _await(question, 0.02)) is None:
        pass
    code, x = outcome
    if code:
        raise SupervisionError(code, x)
    return x
