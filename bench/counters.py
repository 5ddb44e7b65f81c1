"""What the benchmarks run as actors that are written in Python."""

import pyactor


class Counter(pyactor.Actor):
    def __init__(self):
        self.value = 0

    def increment(self, by):
        self.value += by
        return self.value

    def crash(self):
        raise RuntimeError('on purpose')
