"""A predictor, and the tree of those that are supervised."""

import pyactor


class Predictor(pyactor.Actor):
    """A model that is a line: slope and intercept."""

    def __init__(self, model):
        self.slope, self.intercept = model

    def is_ready(self):
        return self.predict(0) == self.intercept

    def predict(self, x):
        return self.slope * x + self.intercept


class Predictors(pyactor.Supervisor):
    intensity = 10
    period = 60.0

    def children(self, model):
        for i in range(1, 5):
            yield pyactor.Child(
                f"predictor-{i}", Predictor, args=(model,),
                backoff=pyactor.Backoff(initial=0.1, max=30.0),
                readiness=pyactor.Probe("is_ready", period=1.0))
