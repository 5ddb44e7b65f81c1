"""What supervisors tell, for Python code to read."""

from __future__ import annotations

import math
import time

from pyactor import supervision_fields as may_be
from pyactor.supervision_fields import Rule, read_field

__all__ = ["EventStream"]

# How long a wait takes no notice of an `Interrupted`.
_STEP = 0.02


class EventStream:
    """The latest events of all supervisors that are given this very object as
    their `events`: an `event_stream` of C++. They never wait for its reader.

    capacity: so many events wait for the reader at most; one more pushes out
        the oldest one, which counts as `dropped`

    A thread that does nothing else reads all there are:

        for event in iter(news.next, None):
            print(event["what"], event["id"])

    It may be read and closed on every thread, also on one that Python code has
    started. End such a thread with `close`, at the latest in the `on_exit` of
    who has started it: its interpreter does not end before it.
    """

    def __init__(self, capacity: int = 1024):
        self._ref = _make_events(read_field(
            "EventStream", "capacity", may_be.at_least_one, capacity))

    def next(self, timeout: float = math.inf) -> dict | None:
        """Takes the oldest event. Where there is none, waits for one for
        `timeout` seconds; 0 takes only what is there.

        Returns None where none has come, or can come any more: the stream is
        closed, and all that was there is read. An event is a dict with the
        fields of `supervision_event` in C++:

        what: what happened, for example "exited", "restarted" or
            "child_given_up"
        id: the child's
        incarnation: the one that it is about
        exit: how that ended, in one line, as `last_exit` of a child in
            `Tree.json`; None where it has not
        latency: of "restarted", seconds from the end of the old incarnation to
            the acknowledgement of the new one; else 0
        pause: of "restart_scheduled", seconds until the next start; else 0
        others: ids of further children that it is about, a list
        context: of "hung", "poisoned" and "gil_wedged", that of the child, for
            example "default/0"; else None

        An actor that waits holds up all that live in its context, the children
        too whose events it waits for: have a thread wait instead.
        """
        import json

        deadline = time.monotonic() + read_field(
            "next", "timeout", may_be.any_wait, timeout)
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            if (text := _next_event(self._ref, min(left, _STEP))) is not None:
                return json.loads(text)
            if left <= _STEP:
                return None

    def close(self) -> None:
        """Takes no more events in: those to come count as dropped. Readers get
        what is there, and then None, also those that wait."""
        _close_events(self._ref)

    @property
    def dropped(self) -> int:
        """How many events no reader gets: pushed out before they were read, or
        come after `close`."""
        return int(_dropped_events(self._ref))


def _read_events(x):
    return x._ref if isinstance(x, EventStream) else None


#: What `Supervisor.events` may be.
events_field = Rule("a pyactor.EventStream", _read_events)
