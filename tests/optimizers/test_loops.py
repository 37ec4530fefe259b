"""Every optimizer: twenty steps of a loop written with a tape are those of fit."""

import numpy as np
import pytest

import kerax
from kerax import layers, losses, optimizers

NAMES = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Muon",
    "Nadam",
    "RMSprop",
    "ScheduleFreeAdamW",
]
OPTIONS = {
    "clipped": lambda: optimizers.Adam(0.05, global_clipnorm=0.1, weight_decay=0.1),
    "averaged": lambda: optimizers.Adam(0.05, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=3),
    "accumulated": lambda: optimizers.Adam(0.05, gradient_accumulation_steps=3),
    "scheduled": lambda: optimizers.SGD(optimizers.schedules.CosineDecay(0.1, 15), momentum=0.9),
    "scaled": lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.05), dynamic_growth_steps=4),
    "several": lambda: optimizers.MultiOptimizer(
        optimizers.OptimizerMap(optimizers.SGD(0.05), {".*bias": optimizers.Adam(0.05)})
    ),
    **{name: (lambda name=name: getattr(optimizers, name)(0.05)) for name in NAMES},
}


def network():
    kerax.utils.set_random_seed(5)
    return kerax.Sequential([kerax.Input((3,)), layers.Dense(5, activation="tanh"), layers.Dense(1)])


@pytest.mark.slow
@pytest.mark.parametrize("name", list(OPTIONS))
def test_a_loop_written_with_a_tape_steps_as_fit_does(rng, name):
    x = rng.normal(size=(80, 3)).astype("float32")
    y = np.sum(x, axis=1, keepdims=True)
    fitted, looped = network(), network()
    fitted.compile(OPTIONS[name](), "mse")
    fitted.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    optimizer, loss_of = OPTIONS[name](), losses.MeanSquaredError()
    for _ in range(2):
        for start in range(0, 80, 8):
            with kerax.GradientTape() as tape:
                loss = optimizer.scale_loss(loss_of(y[start : start + 8], looped(x[start : start + 8], training=True)))
            grads = tape.gradient(loss, looped.trainable_variables)
            optimizer.apply_gradients(zip(grads, looped.trainable_variables, strict=True))
    if name == "averaged":  # as fit does at its end
        optimizer.finalize_variable_values(looped.trainable_variables)
    pairs = [*zip(fitted.weights, looped.weights, strict=True)]
    pairs += zip(fitted.optimizer.variables, optimizer.variables, strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6, err_msg=b.path)
    assert any(np.any(a.numpy() != b.numpy()) for a, b in zip(looped.weights, network().weights, strict=True))
