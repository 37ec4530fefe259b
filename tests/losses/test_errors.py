"""What a loss refuses, and what it says."""

import jax.numpy as jnp
import numpy as np
import pytest

from kerax import losses
from kerax._errors import ArgumentError, ShapeError, Unsupported


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "Huber", "BinaryCrossentropy", "Hinge"])
@pytest.mark.parametrize("target", [(4, 3), (4, 2), (5, 1), (3,), (4, 3, 2)])
def test_targets_are_never_broadcast_in_silence(name, target):
    with pytest.raises(ShapeError, match=rf"got targets of shape \({target[0]}.*outputs of shape \(4, 1\)"):
        getattr(losses, name)()(np.ones(target), np.ones((4, 1)))


def test_the_error_names_the_loss_and_a_remedy():
    with pytest.raises(ShapeError, match=r"'mean_squared_error'.*Try: a last layer of 3 units"):
        losses.MeanSquaredError()(np.ones((4, 3)), np.ones((4, 1)))
    with pytest.raises(ShapeError, match="sparse_categorical_crossentropy"):
        losses.CategoricalCrossentropy()(np.ones(4), np.ones((4, 3)))
    with pytest.raises(ShapeError, match="sparse_categorical_crossentropy"):
        losses.MeanSquaredError()(np.ones((4, 1)), np.ones((4, 3)))


def test_a_scalar_target_may_stand_for_all():
    assert float(losses.MeanSquaredError()(1.0, jnp.zeros((4, 2)))) == 1.0


def test_sparse_targets_must_fit():
    with pytest.raises(ShapeError, match=r"\(4, 3\) for outputs of shape \(4, 3\).*one-hot"):
        losses.SparseCategoricalCrossentropy()(np.ones((4, 3)), np.ones((4, 3)))
    with pytest.raises(ShapeError, match="one class number"):
        losses.sparse_categorical_crossentropy(np.ones(5), np.ones((4, 3)))


def test_functions_of_classes_check_shapes_too():
    for name in ("categorical_crossentropy", "binary_crossentropy", "binary_focal_crossentropy"):
        with pytest.raises(ShapeError, match="equal shapes"):
            getattr(losses, name)(np.ones((4, 3)), np.ones((4, 2)))


@pytest.mark.parametrize("weight", [(5,), (4, 2), (2, 4), (4, 1, 2)])
def test_weights_that_do_not_fit_are_named(weight):
    with pytest.raises(ShapeError, match="sample_weight: got shape"):
        losses.MeanSquaredError()(np.ones((4, 3)), np.ones((4, 3)), np.ones(weight))


@pytest.mark.parametrize("reduction", ["auto", "foo", 3])
def test_an_unknown_reduction_is_refused(reduction):
    with pytest.raises(ArgumentError, match="Invalid value for argument `reduction`"):
        losses.MeanSquaredError(reduction=reduction)


def test_a_loss_without_call_says_so():
    with pytest.raises(Unsupported, match="no call"):
        losses.Loss()(np.ones(3), np.ones(3))


def test_q_must_lie_between_0_and_1():
    for q in (0, 1, 2):
        with pytest.raises(ArgumentError, match="interval"):
            losses.CategoricalGeneralizedCrossEntropy(q=q)


def test_ctc_wants_sequences():
    with pytest.raises(ShapeError, match="max_label_length"):
        losses.CTC()(np.ones((2, 3), int), np.ones((2, 4)))


def test_unknown_names_list_near_matches():
    with pytest.raises(ArgumentError, match="mean_squared_error"):
        losses.get("mean_square_error")
    with pytest.raises(ArgumentError, match="Not a loss"):
        losses.get(3)
