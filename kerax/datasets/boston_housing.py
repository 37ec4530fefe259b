"""Boston housing: 506 districts, 13 features each, and the median price of their houses in thousands of dollars.

One of the features rests on the assumption that segregation raises house prices. Use `california_housing` unless
that is what you want to show.
"""

from __future__ import annotations

from .._host.files import fetch
from . import _housing, _npz
from ._content import ORIGIN, Content, Split

__all__ = ["load_data"]

URL = ORIGIN + "boston_housing.npz"
CHECKSUM = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
CONTENTS = {
    "x": Content((506, 13), "floating", 0, 1000),
    "y": Content((506,), "floating", 0, 100),
}


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """Load Boston housing.

    Args:
        path: the file in `~/.keras/datasets`, or an absolute path.
        test_split: the fraction kept for testing.
        seed: for the shuffling before the split.
    Returns:
        `(x_train, y_train), (x_test, y_test)`: features, float64 (n, 13), and prices in 1000 dollars, float64 (n,).
    Raises:
        ArgumentError: a `test_split` outside [0, 1).
        DataError: the cached file is damaged or something else, or there is none and the download failed.
    """
    _housing.check_split("boston_housing.load_data", test_split)
    arrays = _npz.read(fetch(path, URL, CHECKSUM), CONTENTS, URL)
    return _housing.split(arrays["x"], arrays["y"], test_split, seed)
