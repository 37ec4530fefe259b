import jax.numpy as jnp
import numpy as np
import pytest

from kerax._errors import DataError
from kerax.data._checks import check_labels, check_tokens

SPARSE = "sparse_categorical_crossentropy"


def test_labels_counted_from_one_are_named_with_the_fix():
    with pytest.raises(
        DataError,
        match=r"y: got labels that run from 1 to 10, expected 0 to 9 for an output of 10 classes. Try: subtract 1",
    ):
        check_labels(np.arange(1, 11), SPARSE, (None, 10))


@pytest.mark.parametrize(
    ("y", "hint"),
    [
        (np.array([0, 12]), "a last layer of 13 units"),
        (np.array([-1, 3]), "count classes from 0"),
        (np.array([0.0, 12.0]), "a last layer of 13 units"),
        (np.array([[0], [10]], "uint8"), "a last layer of 11 units"),
    ],
)
def test_labels_out_of_range_are_named(y, hint):
    with pytest.raises(DataError, match=hint):
        check_labels(y, SPARSE, (None, 10), name="y")


@pytest.mark.parametrize(
    ("y", "loss", "shape"),
    [
        (np.arange(10), SPARSE, (None, 10)),
        (np.arange(10).reshape(2, 5), SPARSE, (None, 5, 10)),
        (np.array([0.0, 1.0]), "binary_crossentropy", (None, 1)),
        (np.array([True]), "binary_crossentropy", (None, 1)),
        (np.array([np.nan]), "binary_crossentropy", (None, 1)),
        (np.array([-50.0, 50.0]), "mean_squared_error", (None, 1)),
        (np.array([50]), SPARSE, (None, None)),
        (np.array([], "int32"), SPARSE, (None, 3)),
        (jnp.array([50]), SPARSE, (None, 3)),
        (np.full((2, 3), 7.0), SPARSE, (None, 3)),
        (np.array(["a"]), SPARSE, (None, 3)),
    ],
)
def test_labels_in_range_and_other_losses_pass(y, loss, shape):
    check_labels(y, loss, shape)


def test_an_ignored_class_may_lie_anywhere():
    y = np.array([[0, 255], [2, 255]])
    check_labels(y, SPARSE, (None, 2, 3), ignore_class=255)
    check_labels(np.array([255]), SPARSE, (None, 3), ignore_class=255)
    with pytest.raises(DataError, match="from 0 to 3,"):
        check_labels(np.array([0, 3, 255]), SPARSE, (None, 3), ignore_class=255)


@pytest.mark.parametrize("weights", [np.array([[1, 0], [1, 1]]), np.array([[[1], [0]], [[1], [1]]])])
def test_labels_that_weigh_nothing_may_be_anything(weights):
    check_labels(np.array([[0, -1], [2, 1]]), SPARSE, (None, 2, 3), sample_weight=weights)
    with pytest.raises(DataError, match="from -1 to 2,"):
        check_labels(np.array([[-1, -1], [2, 1]]), SPARSE, (None, 2, 3), sample_weight=weights)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([-1.0, 1.0]), r"targets that run from -1 to 1, expected 0 to 1.*\(y \+ 1\) / 2"),
        (np.array([0, 1, 2]), "targets that run from 0 to 2.*sparse_categorical_crossentropy"),
    ],
)
def test_binary_targets_outside_0_and_1_are_named(y, message):
    with pytest.raises(DataError, match=message):
        check_labels(y, "binary_crossentropy", (None, 1))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([[0, 20_000]]), r"Embedding 'words': got .*from 0 to 20000, expected 0 to 9999.*input_dim=20001"),
        (np.array([[-1, 3]]), "ids from 0 up"),
        (np.array([[0.0, 10_000.0]]), "input_dim=10001"),
    ],
)
def test_tokens_out_of_range_are_named(x, message):
    with pytest.raises(DataError, match=message):
        check_tokens(x, 10_000, "words")


@pytest.mark.parametrize("x", [np.array([[0, 9_999]]), jnp.array([99_999]), np.array(["a"]), np.ones((0, 2), int)])
def test_tokens_in_range_and_data_elsewhere_pass(x):
    check_tokens(x, 10_000, "words")
