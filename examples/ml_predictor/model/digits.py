"""scikit-learn's handwritten digits, split the same way every time."""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def split():
    """Returns training pixels, held-out pixels, and the labels of both."""
    pixels, labels = load_digits(return_X_y=True)
    return train_test_split(
        pixels, labels, test_size=0.25, random_state=1, stratify=labels
    )
