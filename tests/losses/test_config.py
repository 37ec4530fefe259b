"""Names, identifiers and configs of losses, in Keras's words."""

import inspect

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from kerax import losses

CLASSES = sorted(n for n in losses.__all__ if n[0].isupper() and n != "Loss")


def test_all_public_names_are_there():
    assert sorted(losses.__all__) == sorted(n for n in dir(keras.losses) if not n.startswith("_"))


@pytest.mark.parametrize("name", [*CLASSES, "Loss"])
def test_signatures_and_configs_are_keras_s(name):
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    mine, other = inspect.signature(ours).parameters, inspect.signature(theirs).parameters
    assert [(p.name, p.default) for p in mine.values()] == [(p.name, p.default) for p in other.values()]
    assert ours().get_config() == theirs().get_config()
    if name == "Loss":
        return  # a base is not saved
    assert losses.serialize(ours()) == keras.losses.serialize(theirs())
    assert type(losses.deserialize(keras.losses.serialize(theirs()))) is ours
    if name != "CategoricalGeneralizedCrossEntropy":  # which Keras itself cannot read back
        assert type(keras.losses.deserialize(losses.serialize(ours()))) is theirs


@pytest.mark.parametrize(
    "loss",
    [
        losses.Huber(delta=3.0, reduction="sum", name="h"),
        losses.CosineSimilarity(axis=0),
        losses.SparseCategoricalCrossentropy(True, 2, axis=1),
        losses.BinaryFocalCrossentropy(True, 0.1, 3.0, True, 0.1),
        losses.Tversky(0.2, 0.3, axis=(1, 2)),
        losses.Circle(gamma=3.0, margin=0.1, remove_diagonal=False),
        losses.MeanSquaredError(dtype="bfloat16", reduction=None),
    ],
    ids=lambda loss: loss.name,
)
def test_a_loss_read_back_is_the_loss_that_was_written(loss):
    config = losses.serialize(loss)
    again = losses.deserialize(config)
    assert losses.serialize(again) == config
    assert vars(again).keys() == vars(loss).keys()
    assert again.dtype == loss.dtype
    assert again._fn_kwargs == loss._fn_kwargs
    keras.losses.deserialize(config)


@pytest.mark.parametrize(
    "identifier",
    "mse MSE mae MAE mape MAPE msle MSLE bce BCE kld KLD huber log_cosh MeanSquaredError Huber binary_crossentropy "
    "sparse_categorical_crossentropy categorical_crossentropy poisson hinge dice ctc circle".split(),
)
def test_identifiers_resolve_as_in_keras(identifier):
    ours, theirs = losses.get(identifier), keras.losses.get(identifier)
    assert inspect.isfunction(ours) == inspect.isfunction(theirs)
    assert (ours.__name__ if inspect.isfunction(ours) else ours.name) == (
        theirs.__name__ if inspect.isfunction(theirs) else theirs.name
    )


def test_get_takes_everything_else():
    loss = losses.Huber()
    assert losses.get(None) is None
    assert losses.get(loss) is loss
    assert losses.get(losses.mean_squared_error) is losses.mean_squared_error
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    assert losses.get({"class_name": "Huber", "config": {"delta": 3.0}}).delta == 3.0
    assert losses.serialize(losses.mean_squared_error) == keras.losses.serialize(keras.losses.mean_squared_error)
    assert losses.deserialize(losses.serialize(losses.huber)) is losses.huber


def test_a_wrapped_function_of_one_s_own_is_written_with_its_arguments():
    from kerax.losses import LossFunctionWrapper

    loss = LossFunctionWrapper(losses.huber, delta=2.0, name="w")
    assert loss.get_config() == {
        "name": "w",
        "reduction": "sum_over_batch_size",
        "fn": {"module": "builtins", "class_name": "function", "config": "huber", "registered_name": "function"},
        "delta": 2.0,
    }
    again = LossFunctionWrapper.from_config(loss.get_config())
    assert again.fn is losses.huber
    assert float(again(np.zeros((2, 1)), np.full((2, 1), 5.0))) == float(loss(np.zeros((2, 1)), np.full((2, 1), 5.0)))


def test_functions_and_losses_take_symbolic_tensors():
    from kerax._graph.tensor import KerasTensor

    true, pred = KerasTensor((None, 3)), KerasTensor((None, 3))
    assert losses.mean_squared_error(true, pred).shape == (None,)
    assert losses.MeanSquaredError()(true, pred).shape == ()
    assert losses.MeanSquaredError(reduction=None)(jnp.ones((4, 3)), KerasTensor((4, 3))).shape == (4,)


def test_epsilon_set_later_is_used():
    from kerax import config

    y_true, y_pred = np.zeros((1, 1), "float32"), np.ones((1, 1), "float32")
    before = float(losses.BinaryCrossentropy()(y_true, y_pred))
    config.set_epsilon(1e-3)
    try:
        after = float(losses.BinaryCrossentropy()(y_true, y_pred))
    finally:
        config.set_epsilon(1e-7)
    assert after == pytest.approx(-np.log(1e-3), rel=1e-3)
    assert before > 15
