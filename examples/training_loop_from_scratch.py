"""A training loop from scratch: tape, optimizer and metrics in the user's own hands, and what compiling it brings.

The loop of the tf.keras guide, on scikit-learn's handwritten digits. Takes about 10 seconds; with `--quick`, a few.
"""

import sys
import time

import numpy as np
from sklearn.datasets import load_digits

import kerax as keras
from kerax import layers
from kerax.compat import tf

BATCH = 64


def load(seed):
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    x = (digits.data[order] / 16).astype("float32")
    y = digits.target[order]
    return (x[:1408], y[:1408]), (x[1408:], y[1408:])  # 22 whole batches; the rest is for validation


def batches(x, y, rng=None):
    order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
    for start in range(0, len(x), BATCH):
        rows = order[start : start + BATCH]
        yield x[rows], y[rows]


def main(quick: bool = False, seed: int = 0) -> dict:
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    train, val = load(seed)

    inputs = keras.Input(shape=(64,), name="digits")
    x = layers.Dense(64, activation="relu", name="dense_1")(inputs)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(64, activation="relu", name="dense_2")(x)
    outputs = layers.Dense(10, name="predictions")(x)
    model = keras.Model(inputs=inputs, outputs=outputs)

    optimizer = keras.optimizers.Adam(learning_rate=3e-3)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    train_acc_metric = keras.metrics.SparseCategoricalAccuracy()
    val_acc_metric = keras.metrics.SparseCategoricalAccuracy()

    def eager_train_step(x, y):
        with tf.GradientTape() as tape:
            logits = model(x, training=True)
            loss_value = loss_fn(y, logits)
        grads = tape.gradient(loss_value, model.trainable_weights)
        optimizer.apply_gradients(zip(grads, model.trainable_weights))
        train_acc_metric.update_state(y, logits)
        return loss_value

    # Compiled once for a shape. Model, optimizer and metrics are read and written as if it were not.
    train_step = tf.function(eager_train_step)

    @tf.function
    def test_step(x, y):
        val_logits = model(x, training=False)
        val_acc_metric.update_state(y, val_logits)

    def validate():
        for x_batch_val, y_batch_val in batches(*val):
            test_step(x_batch_val, y_batch_val)
        val_acc = val_acc_metric.result()
        val_acc_metric.reset_state()
        return float(val_acc)

    losses, train_accs, val_accs = [], [], [validate()]
    print(f"Validation accuracy before: {val_accs[0]:.3f}")
    for epoch in range(5 if quick else 40):
        start_time = time.time()
        for step, (x_batch_train, y_batch_train) in enumerate(batches(*train, rng)):
            loss_value = train_step(x_batch_train, y_batch_train)
            if step % 10 == 0:
                losses.append(float(loss_value))
                print(f"Epoch {epoch}, step {step}: loss {loss_value:.4f}, {(step + 1) * BATCH} samples seen")
        train_accs.append(float(train_acc_metric.result()))
        train_acc_metric.reset_state()
        val_accs.append(validate())
        print(f"  accuracy {train_accs[-1]:.3f}, validation {val_accs[-1]:.3f}; {time.time() - start_time:.2f}s")

    def milliseconds(step, count):
        """The time of the median step: a mean would take in whatever else the machine did."""
        times = []
        for _ in range(count):
            start = time.perf_counter()
            float(step(train[0][:BATCH], train[1][:BATCH]))  # float() waits for the device
            times.append(time.perf_counter() - start)
        return 1e3 * float(np.median(times))

    figures = {
        "losses": losses,
        "train_accuracy": train_accs,
        "val_accuracy": val_accs,
        "compiled_ms": milliseconds(train_step, 50),
        "eager_ms": milliseconds(eager_train_step, 5 if quick else 20),
    }
    print("A step takes {compiled_ms:.2f} ms compiled, {eager_ms:.1f} ms eagerly".format_map(figures))
    return figures


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
