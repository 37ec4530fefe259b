"""Steps that a user wrote, in the forms that tutorials have."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import kerax as keras
from kerax import layers, ops

X = np.random.default_rng(0).normal(size=(70, 4)).astype("float32")
Y = (X @ np.float32([[1.0], [-2.0], [0.5], [0.0]])).astype("float32")


def network(cls=keras.Model):
    inputs = keras.Input((4,))
    return cls(inputs, layers.Dense(1)(layers.Dense(8, activation="tanh")(inputs)))


class WithCompiledParts(keras.Model):
    """The step of the tf.keras guide."""

    def train_step(self, data):
        x, y = data
        with keras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class WithComputeLoss(keras.Model):
    """The step of the Keras 3 guide for TensorFlow."""

    def train_step(self, data):
        x, y = data
        with keras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class WithMinimize(keras.Model):
    """The shortest form: the optimizer takes the tape."""

    def train_step(self, data):
        x, y = data
        with keras.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        return self.compute_metrics(x, y, y_pred) | {"loss": loss}


class WithState(keras.Model):
    """The step of the Keras 3 guide for JAX."""

    def compute_loss_and_updates(self, trainable, non_trainable, x, y, training=False):
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=training)
        return self.compute_loss(x, y, y_pred), (y_pred, non_trainable)

    def train_step(self, state, data):
        trainable, non_trainable, optimizer_variables, metrics_variables = state
        x, y = data
        gradient = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (loss, (y_pred, non_trainable)), grads = gradient(trainable, non_trainable, x, y, training=True)
        trainable, optimizer_variables = self.optimizer.stateless_apply(optimizer_variables, grads, trainable)
        after, logs = [], {}
        for metric in self.metrics:
            own = metrics_variables[len(after) : len(after) + len(metric.variables)]
            own = (
                metric.stateless_update_state(own, loss)
                if metric.name == "loss"
                else metric.stateless_update_state(own, y, y_pred)
            )
            logs[metric.name] = metric.stateless_result(own)
            after += own
        return logs, (trainable, non_trainable, optimizer_variables, after)

    def test_step(self, state, data):
        trainable, non_trainable, metrics_variables = state
        x, y = data
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=False)
        loss, (trainable, non_trainable, metrics_variables) = self.stateless_compute_loss(
            trainable, non_trainable, metrics_variables, x=x, y=y, y_pred=y_pred, training=False
        )
        return {"loss": loss}, (trainable, non_trainable, metrics_variables)

    def predict_step(self, state, data):
        trainable, non_trainable = state
        return self.stateless_call(trainable, non_trainable, data, training=False)


FORMS = [WithCompiledParts, WithComputeLoss, WithMinimize, WithState]


class EachBatch(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        assert np.isfinite(logs["loss"])


def trained(cls, rows=64, **options):
    keras.utils.set_random_seed(3)
    model = network(cls)
    callbacks = options.pop("callbacks", [])
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"], **options)
    history = model.fit(X[:rows], Y[:rows], batch_size=16, epochs=3, verbose=0, callbacks=callbacks)
    return model, history.history


@pytest.mark.parametrize("rows", [64, 70], ids=["whole batches", "a short one"])
@pytest.mark.parametrize("cls", FORMS)
def test_a_step_written_out_trains_as_the_default_does(cls, rows):
    want, expected = trained(keras.Model, rows)
    got, history = trained(cls, rows)
    for value, other in zip(got.get_weights(), want.get_weights(), strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-4, atol=1e-5)
    assert set(history) == {"loss", "mae"}
    np.testing.assert_allclose(history["mae"], expected["mae"], rtol=1e-4)


@pytest.mark.parametrize("cls", FORMS)
def test_single_eager_and_fused_steps_agree(cls):
    fused, history = trained(cls)
    single, of_single = trained(cls, callbacks=[EachBatch()])
    eager, of_eager = trained(cls, run_eagerly=True)
    for value, other, third in zip(fused.get_weights(), single.get_weights(), eager.get_weights(), strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(value, third, rtol=1e-4, atol=1e-5)
    for name in history:
        np.testing.assert_allclose(history[name], of_single[name], rtol=1e-4)
        np.testing.assert_allclose(history[name], of_eager[name], rtol=1e-4)


def test_the_form_with_state_evaluates_and_predicts():
    model, _ = trained(WithState)
    plain = keras.Model(model.input, model.output)
    plain.compile(loss="mse")
    np.testing.assert_allclose(model.predict(X, verbose=0), plain.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    assert model.evaluate(X[:64], Y[:64], batch_size=64, verbose=0) == pytest.approx(
        plain.evaluate(X[:64], Y[:64], verbose=0), rel=1e-4
    )


class GAN(keras.Model):
    """Two networks, two optimizers, own metrics, and no call of its own."""

    def __init__(self):
        super().__init__()
        self.discriminator = keras.Sequential([layers.Dense(16, activation="leaky_relu"), layers.Dense(1)])
        self.generator = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(2)])
        self.seed_generator = keras.random.SeedGenerator(1)

    def compile(self, d_optimizer, g_optimizer, loss_fn, **options):
        super().compile(**options)
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real):
        if isinstance(real, tuple):
            real = real[0]
        batch = real.shape[0]
        noise = keras.random.normal((batch, 3), seed=self.seed_generator)
        combined = ops.concatenate([self.generator(noise), real], axis=0)
        labels = ops.concatenate([ops.ones((batch, 1)), ops.zeros((batch, 1))], axis=0)
        labels += 0.05 * keras.random.uniform(labels.shape, seed=self.seed_generator)
        with keras.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(combined))
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights))
        noise = keras.random.normal((batch, 3), seed=self.seed_generator)
        with keras.GradientTape() as tape:
            g_loss = self.loss_fn(ops.zeros((batch, 1)), self.discriminator(self.generator(noise)))
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))
        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


@pytest.mark.parametrize("eager", [False, True], ids=["compiled", "eager"])
@pytest.mark.parametrize("shared", [False, True], ids=["two optimizers", "one optimizer"])
def test_a_gan_trains_both_its_networks(eager, shared):
    keras.utils.set_random_seed(0)
    gan = GAN()
    d_optimizer = keras.optimizers.Adam(0.01)
    g_optimizer = d_optimizer if shared else keras.optimizers.Adam(0.01)
    gan.compile(d_optimizer, g_optimizer, keras.losses.BinaryCrossentropy(from_logits=True), run_eagerly=eager)
    real = np.random.default_rng(1).normal(3.0, 0.1, (96, 2)).astype("float32")
    first = gan.fit(real, batch_size=32, epochs=1, verbose=0)
    before = [np.array(w) for w in gan.generator.get_weights()]
    history = gan.fit(real, batch_size=32, epochs=3 if eager else 150, verbose=0).history
    assert set(history) == set(first.history) == {"d_loss", "g_loss"}
    assert np.isfinite(list(history.values())).all()
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(before, gan.generator.get_weights()))
    assert int(d_optimizer.iterations) == (1 + (3 if eager else 150)) * 3 * (2 if shared else 1)
    if not eager:
        made = gan.generator(keras.random.normal((200, 3), seed=5))
        assert np.abs(np.asarray(made).mean() - 3.0) < 2.0
        assert gan._engine.value._compilations["train"] == 1


def test_parts_of_a_step_may_be_globals():
    inner = network()
    optimizer = keras.optimizers.SGD(0.05)
    loss_fn = keras.losses.MeanSquaredError()
    tracker = keras.metrics.Mean()

    class Shell(keras.Model):
        def train_step(self, data):
            x, y = data
            with keras.GradientTape() as tape:
                loss = loss_fn(y, inner(x, training=True))
            optimizer.apply_gradients(zip(tape.gradient(loss, inner.trainable_weights), inner.trainable_weights))
            tracker.update_state(loss)
            return {"loss": tracker.result()}

    shell = Shell()
    shell.compile()
    history = shell.fit(X, Y, epochs=5, verbose=0, batch_size=16).history["loss"]
    assert history[-1] < history[0]
    assert int(optimizer.iterations) == 25
    assert float(tracker.count) == 25  # nobody resets what is not the model's
    assert f"{tracker.result():.2f}" == f"{float(tracker.result()):.2f}"


class Counter(keras.metrics.Metric):
    """Keeps a whole number."""

    def __init__(self, name="rows", **kwargs):
        super().__init__(name=name, **kwargs)
        self.seen = self.add_weight(name="seen", shape=(), initializer="zeros", dtype="int32")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.seen.assign_add(ops.shape(y_true)[0])

    def result(self):
        return self.seen


def test_a_metric_may_keep_whole_numbers_and_give_its_variable():
    model = network()
    model.compile("sgd", "mse", metrics=[Counter()])
    assert model.fit(X, Y, verbose=0, epochs=2).history["rows"] == [70, 70]
    assert model.evaluate(X, Y, verbose=0)[1] == 70


def test_a_variable_in_the_returned_logs_is_read_in_every_step():
    count = keras.Variable(0.0, name="count", trainable=False)

    class Counting(keras.Model):
        def train_step(self, data):
            count.assign_add(1.0)
            return {"count": count, "nested": {"twice": 2 * count.value}}

    model = network(Counting)
    model.compile("sgd", "mse")
    history = model.fit(X, Y, batch_size=35, epochs=2, verbose=0).history
    assert history == {"count": [2, 4], "twice": [4, 8]}


SEEN = {
    "x": ((X,), {}, "array"),
    "dict": (({"a": X},), {}, "dict"),
    "xy": ((X, Y), {}, 2),
    "xyw": ((X, Y), {"sample_weight": np.ones(70)}, 3),
}


@pytest.mark.parametrize("case", SEEN)
def test_data_comes_as_keras_gives_it(case):
    args, kwargs, expected = SEEN[case]
    seen = []

    class Looking(keras.Model):
        def train_step(self, data):
            seen.append(len(data) if isinstance(data, tuple) else "dict" if isinstance(data, dict) else "array")
            return {"loss": 0.0}

    model = Looking()
    model.compile()
    model.fit(*args, verbose=0, **kwargs)
    assert set(seen) == {expected}


BAD = {
    "nothing": (lambda self, data: None, "train_step of Bad .*got None as its result, expected a dict"),
    "a number": (lambda self, data: 0.5, "train_step of Bad .*got float as its result, expected a dict"),
    "a string": (lambda self, data: {"loss": "low"}, "got 'loss': 'low' .str. in its result, expected numbers"),
    "a lonely state": (lambda self, state, data: {"loss": 0.0}, r"got dict as its result, expected \(logs, state\)"),
    "half a state": (lambda self, state, data: ({"loss": 0.0}, state[:2]), "got a state of 2 parts, expected 4"),
    "a short state": (
        lambda self, state, data: ({"loss": 0.0}, ([], *state[1:])),
        "got 0 trainable values, expected 4",
    ),
    "another shape": (
        lambda self, state, data: ({"loss": 0.0}, ([x[:1] for x in state[0]], *state[1:])),
        r"Variable 'dense.*/kernel': got a value of shape \(1, 8\), expected \(4, 8\)",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_step_that_gives_nonsense_is_told_so(kind):
    step, message = BAD[kind]
    model = network(type("Bad", (keras.Model,), {"train_step": step}))
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(X, Y, verbose=0)
    for value, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, other)


def test_a_variable_made_in_every_step_is_an_error_that_names_it():
    class Leaking(keras.Model):
        def train_step(self, data):
            fresh = keras.Variable(jnp.zeros(3), name="fresh_one")
            fresh.assign_add(jnp.ones(3))
            return {"loss": ops.sum(fresh)}

    model = network(Leaking)
    model.compile("sgd", "mse")
    with pytest.raises((RuntimeError, ValueError), match="fresh_one"):
        model.fit(X, Y, verbose=0)


class Annealed(layers.Layer):
    """Multiplies its loss by a weight that lives outside."""

    def __init__(self, weight, calls):
        super().__init__()
        self.weight, self.calls = weight, calls

    def call(self, x):
        self.calls.assign_add(1)
        self.add_loss(self.weight * ops.mean(ops.square(x)))
        return x


@pytest.mark.parametrize("callbacks", [[], [EachBatch()]], ids=["fused", "single"])
def test_variables_outside_the_model_are_read_and_kept_in_every_step(callbacks):
    weight = keras.Variable(0.0, name="kl_weight", trainable=False)
    in_loss = keras.Variable(0, dtype="int32", name="calls", trainable=False)
    in_metric = keras.Variable(0.0, name="total", trainable=False)
    calls = keras.Variable(0, dtype="int32", name="layer_calls", trainable=False)

    def loss(y_true, y_pred):
        in_loss.assign_add(1)
        return ops.mean(ops.square(y_true - y_pred), axis=-1) * (1.0 + 0.0 * ops.cast(in_loss, "float32"))

    def metric(y_true, y_pred):
        in_metric.assign_add(ops.cast(ops.shape(y_true)[0], "float32"))
        return ops.mean(y_pred)

    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1)(Annealed(weight, calls)(inputs)))
    model.compile(keras.optimizers.SGD(0.0), loss, metrics=[metric])

    class Anneal(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            weight.assign(float(epoch))

    history = model.fit(X[:64], Y[:64], batch_size=16, epochs=3, verbose=0, callbacks=[Anneal(), *callbacks])
    assert int(in_loss) == 12
    assert float(in_metric.value) == 3 * 64
    assert int(calls) >= 12
    square = float(np.mean(np.square(X[:64])))
    losses = history.history["loss"]
    assert losses[1] - losses[0] == pytest.approx(square, rel=1e-4)
    assert losses[2] - losses[1] == pytest.approx(square, rel=1e-4)


def test_print_works_in_an_eager_step(capsys):
    class Printing(keras.Model):
        def train_step(self, data):
            x, y = data
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self(x) - y))
            print(f"loss now {float(loss):.3f}, first {x[0, 0]:.3f}")
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables))
            return {"loss": loss}

    model = network(Printing)
    model.compile("sgd", run_eagerly=True)
    model.fit(X, Y, batch_size=35, shuffle=False, verbose=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(f"first {X[0, 0]:.3f}")


@pytest.mark.parametrize("kept", [False, True], ids=["returned", "kept as an attribute"])
def test_the_function_that_runs_a_step_may_be_replaced(kept):
    calls = []

    class Replaced(keras.Model):
        def make_train_function(self):
            step = super().make_train_function()

            def train_function(iterator):
                calls.append("train")
                return {**step(iterator), "twice": 2.0}

            if not kept:
                return train_function
            self.train_function = train_function

        def make_test_function(self):
            def test_function(iterator):
                x, _ = next(iterator)
                calls.append(x.shape[0])
                return {"loss": 7.0}

            return test_function

    _, expected = trained(keras.Model)
    model, history = trained(Replaced)
    assert calls == ["train"] * 12
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-4)
    assert history["twice"] == [2.0] * 3
    assert model.evaluate(X, Y, batch_size=32, verbose=0, return_dict=True) == {"loss": 7.0}
    assert calls[12:] == [32, 32, 6]


def test_a_batch_cannot_be_drawn_inside_a_compiled_function():
    class Frozen(keras.Model):
        def make_train_function(self):
            return lambda iterator: jax.jit(lambda: {"loss": jnp.mean(next(iterator)[0])})()

    model = network(Frozen)
    model.compile("sgd", "mse")
    with pytest.raises(RuntimeError, match=r"next\(iterator\) inside a compiled function"):
        model.fit(X, Y, verbose=0)


def test_the_function_of_predict_cannot_be_replaced_in_silence():
    model = network(type("Mine", (keras.Model,), {"make_predict_function": lambda self: None}))
    with pytest.raises(NotImplementedError, match=r"override predict_step"):
        model.predict(X, verbose=0)


class Choosing(layers.Layer):
    """Decides by a value, as AutoGraph lets it."""

    def call(self, x):
        if ops.mean(x) > 0:
            return x
        return -0.5 * x


@pytest.mark.parametrize("eager", [False, True], ids=["compiled", "eager"])
def test_python_may_decide_by_values_in_a_layer_and_in_a_step(eager):
    steps = keras.Variable(0, dtype="int32", name="steps", trainable=False)

    class Deciding(keras.Model):
        def train_step(self, data):
            x, y = data
            with keras.GradientTape() as tape:
                loss = ops.mean(ops.square(self(x, training=True) - y))
                if loss > 1e9:
                    loss = loss * 0.0
            steps.assign_add(1)
            self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
            total = 0.0
            for value in x[:, 0]:
                if value > 0:
                    total = total + value
            return {"loss": loss, "total": total}

    inputs = keras.Input((4,))
    model = Deciding(inputs, layers.Dense(1)(Choosing()(inputs)))
    model.compile("sgd", run_eagerly=eager)
    history = model.fit(X, Y, batch_size=35, shuffle=False, epochs=2, verbose=0).history
    assert int(steps) == 4
    assert history["total"][0] == pytest.approx(np.maximum(X[35:, 0], 0).sum(), rel=1e-5)
    np.testing.assert_allclose(Choosing()(-np.abs(X)), 0.5 * np.abs(X), rtol=1e-6)
    np.testing.assert_allclose(model.layers[1].call(jnp.abs(X)), np.abs(X))
