#!/usr/bin/env python3
"""Writes the fuzzer's seeds, one file for each promise worth starting from; with
--check it writes nothing, and exits with 1 where they are not what it would write.

Run it when the nodes of objects.py, the scalars and actors of any_value.cpp or
the targets of codec.fuzz.cpp change: their places in these lists are what the
bytes mean.
"""

import itertools
import pathlib
import struct
import sys

import objects

TARGETS = ('value', 'bool', 'int64', 'uint64', 'int8', 'double', 'float', 'str',
           'bytes', 'ints', 'doubles', 'values', 'optionals', 'array', 'pair',
           'tuple', 'map_str', 'map_double', 'set_int', 'set_str', 'set_value',
           'point', 'track', 'tree')


def node(name, *operands):
    """The bytes of a node, and of what it needs."""
    index = [each.__name__ for each in objects.NODES].index(name)
    return bytes([index]) + b''.join(
        x if isinstance(x, bytes) else bytes([x]) for x in operands)


def hook(act, target, raises, result, kind=0):
    acts = [each.__name__ for each in objects.ACTS]
    return node('hook', kind, acts.index(act), target, raises, result)


NONE = node('none')
ONE = node('small', 129)
HALF = node('short_float', 130)
X = node('field_name', 0)
NAME = node('text', 3, b'abc', 0, 0)
SURROGATE = node('text', 2, b'\x00\xd8', 2, 1)
INT = node('integer', 9, bytes(range(1, 10)))
FLOAT = node('floating', b'\0\0\0\0\0\0\xf8\x7f')
POINT = node('point', ONE, HALF)
FIRST, FIRST_AGAIN, LAST = (node('actor', i) for i in range(3))

OBJECTS = {
    'scalars': ('value', node('list_', 7, NONE, ONE, HALF, NAME, INT, FLOAT,
                              node('octets', 2, b'ab'))),
    'containers': ('value', node('tuple_', 4, node('dict_', 1, X, ONE),
                                 node('set_', 1, ONE), node('frozenset_', 0),
                                 node('list_', 0))),
    'cycle': ('value', node('list_', 2, ONE, node('earlier', 0))),
    'surrogate': ('value', node('dict_', 1, SURROGATE, ONE)),
    'deep': ('value', node('deep', 2, ONE, 120)),
    'many': ('value', node('list_', 2, node('many', ONE, 200, 200), ONE)),
    'subclass': ('value', node('subclass', 4, node('list_', 1, ONE))),
    'hash': ('value', node('dict_', 2, hook('clear', 1, 0, ONE), ONE, X, ONE)),
    'int_index': ('int64', hook('nothing', 0, 0, ONE)),
    'uint_misfit': ('uint64', INT),
    'int8': ('int8', ONE),
    'double_hook': ('double', hook('nothing', 0, 0, INT)),
    'float': ('float', FLOAT),
    'text': ('str', NAME),
    'buffer': ('bytes', node('buffer', 4, b'abcd', 2)),
    'buffer_hook': ('bytes', node('buffer', 0, 5, 4, 1, 0, 0, ONE)),
    'ints_cleared': ('ints', node('list_', 3, ONE, hook('clear', 0, 0, ONE),
                                  ONE)),
    'ints_filled': ('ints', node('list_', 2, hook('fill', 0, 0, ONE), ONE)),
    'doubles': ('doubles', node('list_', 3, HALF, ONE, INT)),
    'doubles_replaced': ('doubles', node('list_', 2, HALF,
                                         hook('replace', 0, 0, HALF))),
    'values_again': ('values', node('list_', 2, ONE,
                                    hook('enter_again', 0, 0, ONE))),
    'optionals': ('optionals', node('list_', 2, NONE, NAME)),
    'array': ('array', node('tuple_', 3, HALF, HALF,
                            hook('collect', 0, 0, HALF))),
    'pair': ('pair', node('tuple_', 2, ONE, node('list_', 0))),
    'tuple': ('tuple', node('tuple_', 2, NONE, POINT)),
    'map': ('map_str', node('dict_', 2, NAME, ONE, X, POINT)),
    'map_hook': ('map_double', node('dict_', 1, HALF, node(
        'list_', 1, hook('clear', 0, 0, ONE)))),
    'set_hook': ('set_int', node('set_', 2, ONE, hook('clear', 0, 0, ONE))),
    'set_str': ('set_str', node('set_', 2, NAME, X)),
    'point_dict': ('point', POINT),
    'point_key': ('point', node('dict_', 2, hook('clear', 1, 0, ONE), ONE, X,
                                ONE)),
    'point_hook': ('point', hook('nothing', 0, 0, ONE)),
    'point_raises': ('point', hook('nothing', 0, 203, ONE)),
    'track': ('track', node('track', NAME, node('list_', 2, POINT, POINT))),
    'tree': ('tree', node('tree', node('list_', 1, node('tree', node(
        'list_', 0))))),
    'tree_endless': ('tree', hook('fill', 0, 0, node('list_', 1, node(
        'earlier', 0)))),
    'actors': ('value', node('list_', 3, node('dict_', 2, FIRST, LAST, ONE,
                                              FIRST),
                             node('set_', 3, LAST, FIRST_AGAIN, ONE), FIRST)),
    'actors_equal': ('set_value', node('set_', 2, FIRST, FIRST_AGAIN)),
    'actors_hook': ('values', node('list_', 3, LAST, hook('clear', 0, 0, FIRST),
                                   FIRST)),
    'actors_again': ('values', node('list_', 2, FIRST,
                                    hook('enter_again', 0, 0, LAST))),
    'actors_misfit': ('map_str', node('dict_', 1, NAME, node(
        'tuple_', 1, LAST))),
}

POINT_VALUE = {'x': 1.5, 'y': -2.0}

# One that becomes the target, for each.
VALUES = {
    'value': [None, (True, 2 ** 70, 0.1), {'text', b'ab'}],
    'bool': True,
    'int64': -2 ** 63,
    'uint64': 2 ** 64 - 1,
    'int8': -128,
    'double': 1e300,
    'float': 0.25,
    'str': 'a\\b\u00e9',
    'bytes': b'a\\b\x00',
    'ints': [1, -2],
    'doubles': [0.5, 2],
    'values': [None, [1]],
    'optionals': ['a', None],
    'array': (0.5, 1.5, 2.5),
    'pair': (1, 'x'),
    'tuple': (None, POINT_VALUE),
    'map_str': {'a': 1, 'b': [2]},
    'map_double': {0.5: [1, 2]},
    'set_int': {1, 2},
    'set_str': {'a', 'b'},
    'set_value': frozenset({1, 'a'}),
    'point': POINT_VALUE,
    'track': {'name': 'a', 'points': [POINT_VALUE]},
    'tree': {'children': []},
}


class Actor:
    """One of the actors of any_value.cpp, by its place among their names."""

    def __init__(self, place):
        self.place = place

    def __repr__(self):
        return f'Actor({self.place})'


ENDED, FIRST_ACTOR, SAME_ACTOR, LAST_ACTOR = map(Actor, range(4))

# More that become a target: name, target and value.
MORE_VALUES = (
    ('actors', 'value', [FIRST_ACTOR, {LAST_ACTOR: ENDED},
                         {1, FIRST_ACTOR, LAST_ACTOR}]),
    ('actors_equal', 'value', {FIRST_ACTOR, SAME_ACTOR}),
    ('actors_set', 'set_value', frozenset({ENDED, LAST_ACTOR})),
    ('actors_misfit', 'map_str', {'a': 1, LAST_ACTOR: 2}),
)


class ValueWriter:
    """Writes what `any_value` reads: text from the front, numbers from the
    end."""

    def __init__(self, x):
        self.front = b''
        self.end = []
        self.write(x, 3)

    def numbers(self, *bytes_):
        self.end.extend(bytes_)

    def text(self, data):
        self.front += data.replace(b'\\', b'\\\\') + b'\\.'

    def write(self, x, depth):
        containers = (list, tuple, set, frozenset, dict)
        if type(x) not in containers:
            if depth > 0:
                self.numbers(8)
            self.write_scalar(x)
            return
        assert depth > 0, x
        self.numbers(containers.index(type(x)), len(x))
        if isinstance(x, (set, frozenset)):
            x = sorted(x, key=repr)  # the same seed with each run
        elif isinstance(x, dict):
            x = itertools.chain.from_iterable(x.items())
        for part in x:
            self.write(part, depth - 1)

    def write_scalar(self, x):
        kinds = (type(None), bool, int, float, None, str, bytes, None, Actor)
        self.numbers(kinds.index(type(x)))
        if isinstance(x, bool):
            self.numbers(x)
        elif isinstance(x, int):
            size = x.bit_length() // 8 + 1
            self.numbers(size)
            self.front += x.to_bytes(size, 'little', signed=True)
        elif isinstance(x, float):
            self.numbers(*struct.pack('>d', x))
        elif isinstance(x, (str, bytes)):
            self.text(x.encode() if isinstance(x, str) else x)
        elif isinstance(x, Actor):
            self.numbers(x.place)


def value_seed(x, index):
    what = ValueWriter(x)
    return what.front + bytes([1, index, *what.end][::-1])


def seeds():
    """The bytes of each, by the name of its file."""
    # libFuzzer's reader of numbers begins at the end: last whether it is a
    # value, before it the target.
    result = {f'object_{name}': tree + bytes([TARGETS.index(target), 0])
              for name, (target, tree) in OBJECTS.items()}
    values = [(target, target, VALUES[target]) for target in TARGETS]
    for name, target, x in (*values, *MORE_VALUES):
        result[f'value_{name}'] = value_seed(x, TARGETS.index(target))
    return result


def main():
    folder = pathlib.Path(__file__).with_name('seeds')
    folder.mkdir(exist_ok=True)
    old = {file.name: file.read_bytes() for file in folder.iterdir()}
    new = seeds()
    if sys.argv[1:] == ['--check']:
        wrong = sorted(name for name in old | new if old.get(name) != new.get(name))
        print(*(f'{folder / name}: not what seeds.py writes' for name in wrong),
              sep='\n', end='')
        sys.exit(1 if wrong else 0)
    for name in old:
        (folder / name).unlink()
    for name, content in new.items():
        (folder / name).write_bytes(content)


if __name__ == '__main__':
    main()
