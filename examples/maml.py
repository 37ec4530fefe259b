"""Learning to learn (MAML): the gradient of a loss that is measured after a gradient step.

Each task is to follow one sine wave from ten of its points (Finn, Abbeel and Levine, arXiv:1703.03400). The outer tape
differentiates through the inner update, a gradient of a gradient; so the network ends up where a single step is enough
for a wave it never saw. Takes about 15 seconds; with `--quick`, a few.
"""

import sys

import numpy as np

import kerax as keras
from kerax import layers
from kerax.compat import tf

POINTS, TASKS, INNER_RATE = 10, 16, 0.01


def waves(tasks, rng):
    """Points of sine waves, each of its own height and phase, to learn from and to be judged by: (tasks, points, 1)."""
    height, phase = rng.uniform(0.1, 5.0, (tasks, 1, 1)), rng.uniform(0, np.pi, (tasks, 1, 1))
    x = rng.uniform(-5, 5, (tasks, 2 * POINTS, 1))
    y = height * np.sin(x - phase)
    x, y = x.astype("float32"), y.astype("float32")
    return x[:, :POINTS], y[:, :POINTS], x[:, POINTS:], y[:, POINTS:]


def build():
    return keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(40, activation="relu"),
            layers.Dense(40, activation="relu"),
            layers.Dense(1),
        ]
    )


def main(quick: bool = False, seed: int = 0) -> dict:
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = build()
    optimizer = keras.optimizers.Adam(1e-3)
    loss_fn = keras.losses.MeanSquaredError()

    def losses(task):
        """The loss on points not learned from, before and after one step on the others."""
        x, y, x_query, y_query = task
        with tf.GradientTape() as inner_tape:
            loss = loss_fn(y, model(x))
        grads = inner_tape.gradient(loss, model.trainable_variables)
        # No assignment, which would end what the outer tape follows: the model is called with other weights.
        fast_weights = [v - INNER_RATE * g for v, g in zip(model.trainable_variables, grads)]
        y_pred, _ = model.stateless_call(fast_weights, model.non_trainable_variables, x_query)
        return loss_fn(y_query, model(x_query)), loss_fn(y_query, y_pred)

    @tf.function
    def evaluate(tasks):
        before, after = tf.vectorized_map(losses, tasks)
        return tf.reduce_mean(before), tf.reduce_mean(after)

    @tf.function
    def train_step(tasks):
        with tf.GradientTape() as outer_tape:
            _, after = evaluate(tasks)
        grads = outer_tape.gradient(after, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        return after

    unseen = waves(500, np.random.default_rng(seed + 1))
    untrained_before, untrained_after = evaluate(unseen)
    steps = 1_500 if quick else 20_000
    for step in range(1, steps + 1):
        loss = train_step(waves(TASKS, rng))
        if step % (steps // 5) == 0:
            print(f"step {step}: loss after the inner step {loss:.3f}")
    before, after = evaluate(unseen)

    figures = {
        "untrained_before": float(untrained_before),
        "untrained_after": float(untrained_after),
        "before": float(before),
        "after": float(after),
    }
    print("Squared error on 500 waves it never saw, before and after one step on ten points of each:")
    print(f"  untrained     {untrained_before:.2f} -> {untrained_after:.2f}")
    print(f"  meta-learned  {before:.2f} -> {after:.2f}")
    return figures


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
