"""The metrics that the tests go through: each with options, and what makes batches for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

from kerax import metrics

C = 3


def one_hot(rng, n):
    return np.eye(C, dtype="float32")[rng.integers(0, C, n)]


def scores(rng, n):
    return rng.uniform(0.02, 0.98, (n, C)).astype("float32")


def coarse(rng, n):
    """Scores with ties, some of them on thresholds."""
    return (rng.integers(0, 11, (n, C)) / 10).astype("float32")


def reals(rng, n):
    return rng.normal(size=(n, C)).astype("float32")


def labels(rng, n):
    return rng.integers(0, C, n)


def column(make):
    return lambda rng, n: make(rng, n)[:, :1]


def bits(rng, n):
    return rng.integers(0, 2, (n, C)).astype("float32")


CASES = {
    "accuracy": ("Accuracy", {}, bits, bits),
    "binary": ("BinaryAccuracy", {"threshold": 0.4}, bits, scores),
    "categorical": ("CategoricalAccuracy", {}, one_hot, scores),
    "sparse": ("SparseCategoricalAccuracy", {}, labels, scores),
    "sparse column": ("SparseCategoricalAccuracy", {}, lambda r, n: labels(r, n)[:, None], scores),
    "top k": ("TopKCategoricalAccuracy", {"k": 2}, one_hot, coarse),
    "sparse top k": ("SparseTopKCategoricalAccuracy", {"k": 2}, labels, coarse),
    "mse": ("MeanSquaredError", {}, reals, reals),
    "mae": ("MeanAbsoluteError", {}, reals, reals),
    "mape": ("MeanAbsolutePercentageError", {}, scores, reals),
    "msle": ("MeanSquaredLogarithmicError", {}, scores, scores),
    "rmse": ("RootMeanSquaredError", {}, reals, reals),
    "logcosh": ("LogCoshError", {}, reals, reals),
    "cosine": ("CosineSimilarity", {}, reals, reals),
    "r2": ("R2Score", {}, reals, reals),
    "r2 each": ("R2Score", {"class_aggregation": None}, reals, reals),
    "r2 adjusted": (
        "R2Score",
        {"class_aggregation": "variance_weighted_average", "num_regressors": 2},
        reals,
        reals,
    ),
    "pearson": ("PearsonCorrelation", {}, reals, reals),
    "concordance": ("ConcordanceCorrelation", {}, reals, reals),
    "kl": ("KLDivergence", {}, scores, scores),
    "poisson": ("Poisson", {}, scores, scores),
    "bce": ("BinaryCrossentropy", {"label_smoothing": 0.1}, bits, scores),
    "cce": ("CategoricalCrossentropy", {"from_logits": True}, one_hot, reals),
    "scce": ("SparseCategoricalCrossentropy", {}, labels, scores),
    "scce ignore": ("SparseCategoricalCrossentropy", {"ignore_class": 1}, labels, scores),
    "hinge": ("Hinge", {}, bits, reals),
    "squared hinge": ("SquaredHinge", {}, bits, reals),
    "categorical hinge": ("CategoricalHinge", {}, one_hot, reals),
    "precision": ("Precision", {}, bits, scores),
    "precision thresholds": ("Precision", {"thresholds": [0.1, 0.5, 0.7]}, bits, coarse),
    "precision top k": ("Precision", {"top_k": 2}, one_hot, scores),
    "recall": ("Recall", {}, bits, scores),
    "recall class": ("Recall", {"class_id": 1}, bits, scores),
    "recall top k": ("Recall", {"top_k": 1, "class_id": 2}, one_hot, scores),
    "tp": ("TruePositives", {}, bits, scores),
    "fp": ("FalsePositives", {"thresholds": [0.0, 0.5, 1.0]}, bits, coarse),
    "tn": ("TrueNegatives", {"thresholds": 0.3}, bits, scores),
    "fn": ("FalseNegatives", {"thresholds": [0.2, 0.9]}, bits, scores),
    "sensitivity": ("SensitivityAtSpecificity", {"specificity": 0.5, "num_thresholds": 11}, bits, coarse),
    "specificity": ("SpecificityAtSensitivity", {"sensitivity": 0.5}, bits, scores),
    "precision at recall": ("PrecisionAtRecall", {"recall": 0.6, "class_id": 1}, bits, scores),
    "recall at precision": ("RecallAtPrecision", {"precision": 0.6}, bits, scores),
    "auc": ("AUC", {}, bits, scores),
    "auc ties": ("AUC", {"num_thresholds": 11}, bits, coarse),
    "auc thresholds": ("AUC", {"thresholds": [0.6, 0.2, 0.3]}, bits, scores),
    "auc pr": ("AUC", {"curve": "PR"}, bits, scores),
    "auc pr minoring": ("AUC", {"curve": "PR", "summation_method": "minoring"}, bits, scores),
    "auc prgain": ("AUC", {"curve": "PRGAIN", "summation_method": "majoring", "num_thresholds": 5}, bits, scores),
    "auc labels": ("AUC", {"multi_label": True, "label_weights": [0.2, 0.3, 0.5], "num_labels": 3}, bits, scores),
    "auc labels pr": ("AUC", {"multi_label": True, "curve": "PR"}, bits, scores),
    "auc logits": ("AUC", {"from_logits": True}, bits, reals),
    "f1": ("F1Score", {}, one_hot, scores),
    "f1 micro": ("F1Score", {"average": "micro", "threshold": 0.5}, bits, scores),
    "fbeta": ("FBetaScore", {"average": "weighted", "beta": 2.0, "threshold": 0.4}, bits, scores),
    "fbeta macro": ("FBetaScore", {"average": "macro", "beta": 0.5}, one_hot, scores),
    "iou": ("IoU", {"num_classes": 3, "target_class_ids": [0, 2], "dtype": "float32"}, labels, labels),
    "mean iou": ("MeanIoU", {"num_classes": 3, "ignore_class": 1, "dtype": "float32"}, labels, labels),
    "binary iou": ("BinaryIoU", {"dtype": "float32"}, bits, scores),
    "one hot iou": (
        "OneHotIoU",
        {"num_classes": 3, "target_class_ids": [1], "dtype": "float32"},
        one_hot,
        scores,
    ),
    "one hot mean iou": ("OneHotMeanIoU", {"num_classes": 3, "dtype": "float32"}, one_hot, scores),
}


@dataclass
class Case:
    """One metric with its options, in kerax and in Keras."""

    key: str
    name: str
    options: dict[str, Any]
    true: Callable
    pred: Callable

    def ours(self, **more):
        return getattr(metrics, self.name)(**{**self.options, **more})

    def theirs(self, **more):
        return getattr(keras.metrics, self.name)(**{**self.options, **more})

    def batches(self, rng, sizes):
        return [(self.true(rng, n), self.pred(rng, n)) for n in sizes]


@pytest.fixture(params=CASES)
def case(request):
    return Case(request.param, *CASES[request.param])
