"""California housing: 20,640 districts of the census of 1990, and the median price of their houses.

The 8 features: median income, median age of the houses, rooms and bedrooms per household, population,
people per household, latitude and longitude, in the order of the file.
"""

from __future__ import annotations

from .._errors import ArgumentError
from .._host.files import fetch
from . import _housing, _npz
from ._content import ORIGIN, Content, Split

__all__ = ["load_data"]

URL = ORIGIN + "california_housing.npz"
CHECKSUM = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
CONTENTS = {
    "x": Content((20640, 8), "float32", -180, 1e5),
    "y": Content((20640,), "float32", 1e4, 1e6),
}


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> Split:
    """Load California housing.

    Args:
        version: `"large"` for all 20,640 districts, `"small"` for the first 600 of the file.
        path: the file in `~/.keras/datasets`, or an absolute path.
        test_split: the fraction kept for testing.
        seed: for the shuffling before the split.
    Returns:
        `(x_train, y_train), (x_test, y_test)`: features, float32 (n, 8), and prices in dollars, float32 (n,).
    Raises:
        ArgumentError: another `version`, or a `test_split` outside [0, 1).
        DataError: the cached file is damaged or something else, or there is none and the download failed.
    """
    _housing.check_split("california_housing.load_data", test_split)
    if version not in ("small", "large"):
        raise ArgumentError("california_housing.load_data", got=f"version={version!r}", expected="'small' or 'large'")
    arrays = _npz.read(fetch(path, URL, CHECKSUM), CONTENTS, URL)
    rows = 600 if version == "small" else None
    return _housing.split(arrays["x"][:rows], arrays["y"][:rows], test_split, seed)
