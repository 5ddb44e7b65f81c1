"""Builds the Python objects that the fuzzer has the codec convert.

Bytes are read as a tree: each node is one of `NODES`, and what it needs follows.
Bytes that are not there are 0, so that any bytes are a tree. Of one run,
everything can reach everything: `Run.made` has all containers so far, for
references back, and for hooks that change them amid a conversion.
"""

import array
import contextlib
import enum
import gc
import pathlib
import sys

# A `__del__` that raises is none of the codec's business.
sys.unraisablehook = lambda _: None

# What the hooks call to enter the codec once more; the fuzzer fills it in.
convert = None

# What gives a new `ActorRef` for each of the names, of which the first two mean
# one actor; the fuzzer fills it in, and has these actors.
whereis = None
ACTORS = ('first', 'first_again', 'last')


class Run:
    def __init__(self, data):
        self.data = data
        self.at = 0
        self.depth = 0
        self.made = []
        # Hooks that act in one run; each may set off others.
        self.acts_left = 50

    def byte(self):
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def one_of(self, choices):
        return choices[self.byte() % len(choices)]

    def keep(self, container):
        self.made.append(container)
        return container

    def node(self):
        if self.depth > 40:
            return None
        self.depth += 1
        try:
            return self.one_of(NODES)(self)
        finally:
            self.depth -= 1

    def nodes(self):
        for _ in range(self.byte() % 8):
            yield self.node()


# -- hooks: what runs while the codec converts ---------------------------------

def fill(container):
    if isinstance(container, list):
        container.append(container)
    elif isinstance(container, dict):
        container[len(container)] = container
    elif isinstance(container, set):
        container.add(len(container))


def replace(container):
    if isinstance(container, list):
        container[:] = [None] * len(container)
    elif isinstance(container, dict):
        for key in list(container):
            container[key] = None
    elif isinstance(container, set):
        container.symmetric_difference_update({1, 2})


def clear(container):
    if isinstance(container, (list, dict, set, bytearray)):
        container.clear()


def collect(_):
    gc.collect()


def enter_again(container):
    convert(container)


def nothing(_):
    pass


ACTS = (nothing, clear, fill, replace, collect, enter_again)


class Broken(Exception):
    """An exception that cannot be described."""
    __module__ = 7

    def __str__(self):
        raise self

    @property
    def __cause__(self):
        raise self


EXCEPTIONS = (ValueError, TypeError, KeyError, AttributeError, IndexError,
              RecursionError, MemoryError, StopIteration, SystemExit,
              KeyboardInterrupt, UnicodeDecodeError, Broken)


class Hook:
    """Acts on what was made whenever something asks it anything."""

    def __init__(self, run):
        self.run = run
        self.act = run.one_of(ACTS)
        self.target = run.byte()
        self.raises = run.byte()
        self.result = run.node()

    def __call__(self):
        run = self.run
        if run.acts_left > 0 and run.made:
            run.acts_left -= 1
            self.act(run.made[self.target % len(run.made)])
        if self.raises > 200:
            raise EXCEPTIONS[self.raises % len(EXCEPTIONS)]('\ud800')
        return self.result

    def __hash__(self):
        self()
        # Falls on a field's name, and on small ints.
        return hash('x') if self.target % 2 else 1

    def __eq__(self, other):
        self()
        return self.target % 3 == 0

    __index__ = __float__ = __bool__ = __len__ = __call__
    x = y = name = points = children = property(__call__)


class Sequence(Hook):
    def __iter__(self):
        self()
        return iter([self])

    def __getitem__(self, index):
        return self()

    keys = __iter__


class Any(Hook):
    def __getattr__(self, name):
        return self()


class Dying(Hook):
    def __del__(self):
        self()


class Buffer(Hook):
    def __buffer__(self, flags):
        self()
        return memoryview(b'buffer')


class Meta(type):
    def __getattribute__(cls, name):
        raise SystemExit(name)


class Liar(metaclass=Meta):
    def __getattribute__(self, name):
        raise KeyboardInterrupt(name)


class Color(enum.IntEnum):
    RED = 1


def subclass_of(base):
    return type('S', (base,), {'__qualname__': 'S\ud800',
                               '__module__': 'm\ud800'})


SUBCLASSES = tuple(map(subclass_of, (int, float, str, bytes, list, tuple, dict,
                                     set, frozenset, bytearray)))
HOOKS = (Hook, Sequence, Any, Dying, Buffer)


# -- nodes ---------------------------------------------------------------------

# What cannot be made is left out: a key that has no hash, for example.
unless_it_raises = contextlib.suppress(BaseException)


def none(run):
    return None


def boolean(run):
    return run.byte() % 2 == 1


def small(run):
    return run.byte() - 128


def integer(run):
    return int.from_bytes(run.take(run.byte() % 64), 'little', signed=True)


def floating(run):
    return array.array('d', run.take(8).ljust(8, b'\0'))[0]


def short_float(run):
    return (run.byte() - 128) / 4


def text(run):
    data = run.take(run.byte() % 16)
    return data.decode(run.one_of(('latin-1', 'utf-8', 'utf-16-le', 'utf-32')),
                       run.one_of(('replace', 'surrogatepass')))


def field_name(run):
    return run.one_of(('x', 'y', 'name', 'points', 'children'))


def octets(run):
    return run.take(run.byte() % 16)


def list_(run):
    result = run.keep([])
    result.extend(run.nodes())
    return result


def tuple_(run):
    return run.keep(tuple(run.nodes()))


def dict_(run):
    result = run.keep({})
    for key in run.nodes():
        with unless_it_raises:
            result[key] = run.node()
    return result


def set_(run):
    result = run.keep(set())
    for item in run.nodes():
        with unless_it_raises:
            result.add(item)
    return result


def frozenset_(run):
    with unless_it_raises:
        return run.keep(frozenset(run.nodes()))


def earlier(run):
    return run.made[run.byte() % len(run.made)] if run.made else None


def many(run):
    return run.keep([run.node()] * (run.byte() * run.byte()))


def deep(run):
    wrap = run.one_of((lambda x: [x], lambda x: (x,), lambda x: {'x': x},
                       lambda x: {'children': [x]}))
    result = run.node()
    for _ in range(run.byte() * 2):
        result = wrap(result)
    return result


def point(run):
    return run.keep({'x': run.node(), 'y': run.node()})


def track(run):
    return run.keep({'name': run.node(), 'points': run.node()})


def tree(run):
    return run.keep({'children': run.node()})


def subclass(run):
    base = run.one_of(SUBCLASSES)
    # The text of a container can be exponentially longer than its bytes here, and
    # to bytes an integer is how many of them are wanted.
    if issubclass(base, str):
        content = text(run)
    elif issubclass(base, (bytes, bytearray)):
        content = octets(run)
    else:
        content = run.node()
    with unless_it_raises:
        return base(content)
    return base()


def hook(run):
    return run.keep(run.one_of(HOOKS)(run))


def buffer(run):
    data = run.keep(bytearray(octets(run)))
    whole = memoryview(data)
    return run.one_of((lambda: data, lambda: whole, lambda: whole[::-2],
                       lambda: whole.toreadonly(), lambda: array.array('b'),
                       lambda: memoryview(hook(run))))()


def other(run):
    return run.one_of((object, lambda: 1j, lambda: range(3), lambda: Color.RED,
                       lambda: Liar, Liar, lambda: type, lambda: (x for x in ()),
                       lambda: Broken(), lambda: run, lambda: ...))()


def actor(run):
    return whereis(run.one_of(ACTORS))


NODES = (none, boolean, small, integer, floating, short_float, text, field_name,
         octets, list_, tuple_, dict_, set_, frozenset_, earlier, many, deep,
         point, track, tree, subclass, hook, buffer, other, actor)


# -- for the fuzzer ------------------------------------------------------------

def build(data):
    """One object; what its construction raises is nothing to the codec."""
    return Run(data).node()


def build_seeds():
    """Raises where a seed makes no object any more: the fuzzer would pass it
    over."""
    for seed in pathlib.Path(__file__).with_name('seeds').glob('object_*'):
        build(seed.read_bytes()[:-2])
