"""A predictor: an actor with a model of its own, unpickled in its environment.

A pickle can run any code when it is loaded: use models that you trust.
"""

import pickle

import numpy
import pyactor
from sklearn.base import BaseEstimator, is_classifier

PIXELS = 64


class ModelError(Exception):
    """The model file is of no use; the text says why, in one line."""


def load(path):
    try:
        with open(path, "rb") as file:
            model = pickle.load(file)
    except FileNotFoundError:
        raise ModelError(f"there is no model file {path}") from None
    except OSError as problem:
        raise ModelError(f"cannot read {path}: {problem.strerror}") from None
    except Exception as problem:  # a damaged pickle may raise anything
        kind = type(problem).__name__
        text = str(problem).partition("\n")[0]
        raise ModelError(
            f"{path} is truncated, or no model at all ({kind}: {text})"
        ) from problem
    if not (isinstance(model, BaseEstimator) and is_classifier(model)):
        raise ModelError(f"{path} holds a {type(model).__name__}, not a classifier")
    if getattr(model, "n_features_in_", None) != PIXELS:
        raise ModelError(f"{path} holds a classifier of something else than digits")
    return model


class Predictor(pyactor.Actor):
    def __init__(self, path):
        self.model = load(path)

    def is_ready(self):
        """Whether the model can be used; the first use of a model takes longer."""
        return self.predict([0.0] * PIXELS) in range(10)

    def predict(self, pixels):
        """Returns the digit that `pixels`, 8 rows of 8, shows most likely."""
        return self.model.predict(numpy.array([pixels])).item()
