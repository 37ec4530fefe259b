"""california_housing and boston_housing: full-size tables of random numbers, split as Keras splits them."""

import numpy as np
import pytest

from kerax._errors import ArgumentError
from kerax.datasets import boston_housing, california_housing


def california(seed=0):
    rng = np.random.default_rng(seed)
    return {
        "x": rng.uniform(-100, 1000, (20640, 8)).astype("float32"),
        "y": rng.uniform(2e4, 5e5, 20640).astype("float32"),
    }


def boston():
    rng = np.random.default_rng(0)
    return {"x": rng.uniform(0, 700, (506, 13)), "y": rng.uniform(5, 50, 506)}


@pytest.mark.parametrize(
    "options",
    [{}, {"version": "small"}, {"test_split": 0.35, "seed": 7}, {"version": "small", "test_split": 0.0}],
    ids=str,
)
def test_california_housing_is_split_as_keras_splits_it(home, oracle, same, options):
    path = home / "california_housing.npz"
    np.savez(path, **california())
    same(california_housing.load_data(**options), oracle("california_housing", path).load_data(**options))


@pytest.mark.parametrize("options", [{}, {"test_split": 0.5, "seed": 1}, {"test_split": 0.999}], ids=str)
def test_boston_housing_is_split_as_keras_splits_it(home, oracle, same, options):
    path = home / "boston_housing.npz"
    np.savez(path, **boston())
    same(boston_housing.load_data(**options), oracle("boston_housing", path).load_data(**options))


@pytest.mark.parametrize("split", [-0.1, 1.0, 1.5])
@pytest.mark.parametrize("module", [california_housing, boston_housing])
def test_a_split_outside_0_to_1_is_refused(home, module, split):
    with pytest.raises(ArgumentError, match=f"test_split={split}, expected a fraction"):
        module.load_data(test_split=split)


def test_california_housing_has_two_versions(home):
    with pytest.raises(ArgumentError, match="version='medium', expected 'small' or 'large'"):
        california_housing.load_data("medium")


def damaged(table, name, index, value):
    table[name][index] = value
    return table


@pytest.mark.parametrize(
    ("table", "match"),
    [
        (damaged(california(), "x", (5, 2), np.nan), r"x with nan at \[5, 2\]"),
        (damaged(california(), "y", 3, -1), r"y with -1\.0 at \[3\], expected .* between 10000 and 1e\+06"),
        ({name: array.astype("float64") for name, array in california().items()}, "x with dtype float64.*float32"),
        ({"data": np.ones(3)}, r"holds data, expected x: float32 \(20640, 8\)"),
    ],
    ids=["not a number", "negative price", "dtype", "other arrays"],
)
def test_a_wrong_table_is_named_and_kept(home, fails, table, match):
    path = home / "california_housing.npz"
    np.savez(path, **table)
    fails(california_housing.load_data, path, match)


def test_a_short_boston_table_is_named_and_kept(home, fails):
    path = home / "boston_housing.npz"
    np.savez(path, x=boston()["x"][:500], y=boston()["y"][:500])
    fails(boston_housing.load_data, path, r"shape \(500, 13\), expected x: floating \(506, 13\)")
