"""A classifier in pure Python: the k nearest neighbours vote."""

import pickle
import random
from collections import Counter

import pyactor

CENTRES = {"red": (0.0, 0.0), "green": (3.0, 0.0), "blue": (1.5, 2.5)}


def samples(count, seed):
    """Returns `count` points (x, y) around the centres, each with its colour."""
    chance = random.Random(seed)
    colours = sorted(CENTRES)
    result = []
    for i in range(count):
        colour = colours[i % len(colours)]
        x, y = CENTRES[colour]
        point = (chance.gauss(x, 1.0), chance.gauss(y, 1.0))
        result.append((point, colour))
    return result


class Neighbours:
    def __init__(self, known, k=9):
        self.known = known
        self.k = k

    def predict(self, point):
        x, y = point
        nearest = sorted(
            ((px - x) ** 2 + (py - y) ** 2, colour)
            for (px, py), colour in self.known
        )
        votes = Counter(colour for _, colour in nearest[: self.k])
        return votes.most_common(1)[0][0]


def train():
    """Returns a pickled model."""
    return pickle.dumps(Neighbours(samples(600, seed=1)))


class Predictor(pyactor.Actor):
    def __init__(self, pickled):
        self.model = pickle.loads(pickled)

    def predict(self, point):
        return self.model.predict(point)
