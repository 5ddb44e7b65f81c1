"""usage: reference.py MODEL: what scikit-learn itself says, outside pyactor.

Prints a line for each held-out sample: label, prediction, pixels.
"""

import pickle
import sys

import digits


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        model = pickle.load(file)
    _, samples, _, labels = digits.split()
    for label, prediction, pixels in zip(labels, model.predict(samples), samples):
        print(label, prediction, *pixels.tolist())


if __name__ == "__main__":
    main()
