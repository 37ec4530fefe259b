"""The losses that the tests go through: each with options, and what makes targets and outputs for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

from kerax import losses

C = 3


def one_hot(rng, *shape):
    return np.eye(C, dtype="float32")[rng.integers(0, C, shape)]


def probabilities(rng, *shape):
    return rng.uniform(0.02, 0.98, (*shape, C)).astype("float32")


def reals(rng, *shape):
    return rng.normal(size=(*shape, C)).astype("float32")


def labels(rng, *shape):
    return rng.integers(0, C, shape)


CASES = {
    "mse": ("MeanSquaredError", {}, reals, reals),
    "mae": ("MeanAbsoluteError", {}, reals, reals),
    "mape": ("MeanAbsolutePercentageError", {}, probabilities, reals),
    "msle": ("MeanSquaredLogarithmicError", {}, probabilities, reals),
    "huber": ("Huber", {}, reals, reals),
    "huber wide": ("Huber", {"delta": 0.3}, reals, reals),
    "log_cosh": ("LogCosh", {}, reals, reals),
    "cosine": ("CosineSimilarity", {}, reals, reals),
    "kl": ("KLDivergence", {}, probabilities, probabilities),
    "poisson": ("Poisson", {}, probabilities, probabilities),
    "hinge": ("Hinge", {}, one_hot, reals),
    "hinge signs": ("Hinge", {}, lambda rng, *s: 2 * one_hot(rng, *s) - 1, reals),
    "squared hinge": ("SquaredHinge", {}, one_hot, reals),
    "categorical hinge": ("CategoricalHinge", {}, one_hot, reals),
    "bce": ("BinaryCrossentropy", {}, one_hot, probabilities),
    "bce logits": ("BinaryCrossentropy", {"from_logits": True}, one_hot, lambda r, *s: 30 * reals(r, *s)),
    "bce smooth": ("BinaryCrossentropy", {"label_smoothing": 0.2}, one_hot, probabilities),
    "bce smooth logits": ("BinaryCrossentropy", {"label_smoothing": 0.2, "from_logits": True}, one_hot, reals),
    "bce corners": ("BinaryCrossentropy", {}, one_hot, one_hot),
    "focal bce": ("BinaryFocalCrossentropy", {}, one_hot, probabilities),
    "focal bce logits": ("BinaryFocalCrossentropy", {"from_logits": True, "gamma": 1.5}, one_hot, reals),
    "focal bce balanced": (
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "alpha": 0.3, "label_smoothing": 0.1},
        one_hot,
        probabilities,
    ),
    "cce": ("CategoricalCrossentropy", {}, one_hot, probabilities),
    "cce logits": ("CategoricalCrossentropy", {"from_logits": True}, one_hot, lambda r, *s: 30 * reals(r, *s)),
    "cce smooth": ("CategoricalCrossentropy", {"label_smoothing": 0.3}, one_hot, probabilities),
    "cce corners": ("CategoricalCrossentropy", {}, one_hot, one_hot),
    "focal cce": ("CategoricalFocalCrossentropy", {}, one_hot, probabilities),
    "focal cce logits": (
        "CategoricalFocalCrossentropy",
        {"from_logits": True, "alpha": 0.4, "gamma": 1.5, "label_smoothing": 0.1},
        one_hot,
        reals,
    ),
    "scce": ("SparseCategoricalCrossentropy", {}, labels, probabilities),
    "scce logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, labels, reals),
    "scce ignore": ("SparseCategoricalCrossentropy", {"ignore_class": 1}, labels, probabilities),
    "scce ignore logits": ("SparseCategoricalCrossentropy", {"ignore_class": 2, "from_logits": True}, labels, reals),
    "generalized": ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, labels, probabilities),
}


@dataclass
class Case:
    """One loss with its options, in kerax and in Keras."""

    key: str
    name: str
    options: dict[str, Any]
    true: Callable
    pred: Callable

    def ours(self, **more):
        return getattr(losses, self.name)(**self.options, **more)

    def theirs(self, **more):
        return getattr(keras.losses, self.name)(**self.options, **more)

    def data(self, rng, *shape):
        return self.true(rng, *shape), self.pred(rng, *shape)


@pytest.fixture(params=CASES)
def case(request):
    return Case(request.param, *CASES[request.param])
