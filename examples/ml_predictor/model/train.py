"""usage: train.py MODEL: trains a classifier of digits and pickles it."""

import os
import pickle
import sys
import time

try:
    import digits
    from sklearn.svm import SVC
except ModuleNotFoundError as missing:
    sys.exit(
        f"ml_predictor: needs numpy and scikit-learn ({missing});"
        " run scripts/setup and pass --pyactor.venv=ROOT/.venv"
    )


def write(model: object, path: str) -> None:
    """Writes a file that is there in whole or not at all."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    unfinished = f"{path}.{os.getpid()}"
    with open(unfinished, "wb") as file:
        pickle.dump(model, file)
    os.replace(unfinished, path)


def main() -> None:
    pixels, _, labels, _ = digits.split()
    start = time.monotonic()
    model = SVC(gamma=0.001).fit(pixels, labels)
    seconds = time.monotonic() - start
    try:
        write(model, sys.argv[1])
    except OSError as problem:
        sys.exit(f"ml_predictor: cannot write {sys.argv[1]}: {problem.strerror}")
    print(f"{model} on {len(pixels)} samples in {seconds:.2f} s")


if __name__ == "__main__":
    main()
