"""fit, evaluate and predict: their arguments, what callbacks see and may do."""

import jax
import numpy as np
import pytest

import kerax
from kerax import callbacks, layers


class Listener(callbacks.Callback):
    """Writes down each hook it hears, with its logs."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def names(self):
        return [name for name, _ in self.heard]


def _hook(name):
    def hook(self, *args):
        logs = args[-1] if args and not isinstance(args[-1], int) else None
        self.heard.append((name, dict(logs or {})))

    return hook


for _name in ("train", "test", "predict"):
    for _when in ("begin", "end"):
        for _what in (f"on_{_name}_{_when}", f"on_{_name}_batch_{_when}"):
            setattr(Listener, _what, _hook(_what))
for _what in ("on_epoch_begin", "on_epoch_end"):
    setattr(Listener, _what, _hook(_what))


def test_a_fit_runs_every_hook_in_order(regression, data):
    listener = Listener()
    model = regression(metrics=["mae"])
    model.fit(*data, batch_size=16, epochs=1, verbose=0, callbacks=[listener], validation_data=data)
    batch = ["on_train_batch_begin", "on_train_batch_end"]
    test = ["on_test_begin", *["on_test_batch_begin", "on_test_batch_end"] * 3, "on_test_end"]
    assert listener.names() == ["on_train_begin", "on_epoch_begin", *batch * 3, *test, "on_epoch_end", "on_train_end"]
    logs = dict(listener.heard)
    assert sorted(logs["on_epoch_end"]) == ["loss", "mae", "val_loss", "val_mae"]
    assert sorted(logs["on_train_batch_end"]) == sorted(logs["on_test_end"]) == ["loss", "mae"]


def test_evaluate_and_predict_tell_their_callbacks(regression, data):
    model, listener = regression(), Listener()
    model.evaluate(*data, batch_size=16, verbose=0, callbacks=[listener])
    model.predict(data[0], batch_size=16, verbose=0, callbacks=[listener])
    assert listener.names() == [
        "on_test_begin", *["on_test_batch_begin", "on_test_batch_end"] * 3, "on_test_end",
        "on_predict_begin", *["on_predict_batch_begin", "on_predict_batch_end"] * 3, "on_predict_end",
    ]  # fmt: skip


def test_hooks_without_default_arguments_are_called(regression, data):
    seen = []

    class Bare(callbacks.Callback):
        def on_train_begin(self, logs):
            seen.append("train")

        def on_epoch_begin(self, epoch, logs):
            seen.append(epoch)

        def on_batch_end(self, batch, logs):
            seen.append(round(logs["loss"] * 0))

    regression().fit(*data, batch_size=22, verbose=0, callbacks=[Bare()])
    assert seen == ["train", 0, 0, 0]


def test_history_holds_epochs_params_and_the_model(regression, data):
    model = regression()
    history = model.fit(*data, batch_size=8, epochs=5, initial_epoch=2, verbose=0)
    assert history.epoch == [2, 3, 4]
    assert len(history.history["loss"]) == 3
    assert history.params == {"verbose": 0, "epochs": 5, "steps": 6}
    assert history.model is model
    assert model.history is history


def test_fitting_again_goes_on_training(regression, data):
    once, twice = regression(), regression()
    once.fit(*data, batch_size=8, epochs=4, verbose=0, shuffle=False)
    twice.fit(*data, batch_size=8, epochs=2, verbose=0, shuffle=False)
    twice.fit(*data, batch_size=8, epochs=2, verbose=0, shuffle=False)
    for a, b in zip(once.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("freq", "count"), [(1, 4), (2, 2), ([1, 4], 2), (5, 0)])
def test_validation_freq_says_when_to_validate(regression, data, freq, count):
    history = regression().fit(*data, batch_size=22, epochs=4, verbose=0, validation_data=data, validation_freq=freq)
    assert len(history.history.get("val_loss", [])) == count


def test_validation_split_takes_the_last_rows_before_shuffling(regression, data):
    x, y = data
    model = regression()
    history = model.fit(x, y, batch_size=8, epochs=1, verbose=0, validation_split=0.25)
    np.testing.assert_allclose(history.history["val_loss"][0], model.evaluate(x[33:], y[33:], verbose=0), rtol=1e-5)


def test_validation_weights_count(regression, data, rng):
    x, y = data
    weight = rng.uniform(size=44).astype("float32")
    model = regression(weighted_metrics=["mae"])
    logs = model.fit(x, y, batch_size=8, verbose=0, validation_data=(x, y, weight)).history
    loss, mae = model.evaluate(x, y, verbose=0, sample_weight=weight)
    np.testing.assert_allclose([logs["val_loss"][0], logs["val_mae"][0]], [loss, mae], rtol=1e-5)


def test_steps_per_epoch_goes_on_where_the_last_epoch_stopped(regression, data):
    seen = []

    class Rows(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(int(self.model.optimizer.iterations.numpy()))

    history = regression().fit(*data, batch_size=8, epochs=3, steps_per_epoch=2, verbose=0, callbacks=[Rows()])
    assert seen == [2, 4, 6]
    assert history.params["steps"] == 2


def test_a_generator_feeds_fit_evaluate_and_predict(regression, data):
    x, y = data

    def batches():
        while True:
            for start in range(0, 44, 8):
                yield x[start : start + 8], y[start : start + 8]

    one, other = regression(metrics=["mae"]), regression(metrics=["mae"])
    given = one.fit(batches(), steps_per_epoch=6, epochs=2, verbose=0).history
    expected = other.fit(x, y, batch_size=8, epochs=2, verbose=0, shuffle=False).history
    np.testing.assert_allclose(given["loss"], expected["loss"], rtol=1e-5)
    np.testing.assert_allclose(one.evaluate(batches(), steps=6, verbose=0), one.evaluate(x, y, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(one.predict(batches(), steps=6, verbose=0), one.predict(x, verbose=0), rtol=1e-5)


def test_a_pydataset_and_pandas_and_lists_give_the_same_logs(regression, data):
    pandas = pytest.importorskip("pandas")
    x, y = data

    class Batches(kerax.utils.PyDataset):
        def __len__(self):
            return 6

        def __getitem__(self, index):
            part = slice(8 * index, 8 * index + 8)
            return x[part], y[part]

    forms = [
        ((Batches(),), {}),
        ((pandas.DataFrame(x), pandas.Series(y[:, 0])), {"batch_size": 8}),
        ((x.tolist(), y.tolist()), {"batch_size": 8}),
    ]
    expected = regression().fit(x, y, batch_size=8, verbose=0, shuffle=False).history["loss"]
    for args, options in forms[1:]:
        given = regression().fit(*args, **options, verbose=0, shuffle=False).history["loss"]
        np.testing.assert_allclose(given, expected, rtol=1e-5)
    np.testing.assert_allclose(
        regression().fit(*forms[0][0], verbose=0, shuffle=False).history["loss"], expected, rtol=1e-5
    )


def test_on_batch_calls_report_their_batch_alone(regression, data):
    x, y = data
    model = regression(metrics=["mae"])
    for start in (0, 8):
        part = x[start : start + 8], y[start : start + 8]
        given, expected = (
            model.test_on_batch(*part, return_dict=True),
            model.evaluate(*part, verbose=0, return_dict=True),
        )
        assert list(given) == ["loss", "mae"]
        assert given == pytest.approx(expected, rel=1e-5)
        assert model.train_on_batch(*part) == pytest.approx(list(expected.values()), rel=1e-5)
        assert model.evaluate(*part, verbose=0)[0] < expected["loss"]
    assert model.predict_on_batch(x[:8]).shape == (8, 1)


def test_a_generator_that_runs_out_between_epochs_ends_the_fit_with_a_warning(regression, data):
    x, y = data
    parts = ((x[start : start + 8], y[start : start + 8]) for start in (0, 8, 16, 24))
    with pytest.warns(UserWarning, match="ran out"):
        history = regression().fit(parts, epochs=3, steps_per_epoch=2, verbose=0)
    assert history.epoch == [0, 1]


def test_predict_keeps_the_structure_of_the_outputs(data):
    inputs = kerax.Input((5,))
    a, b = layers.Dense(2)(inputs), layers.Dense(3)(inputs)
    for outputs, shapes in (([a, b], [(44, 2), (44, 3)]), ((a, b), [(44, 2), (44, 3)]), ({"q": a, "p": b}, None)):
        model = kerax.Model(inputs, outputs)
        given = model.predict(data[0], batch_size=16, verbose=0)
        if shapes is None:
            assert {key: value.shape for key, value in given.items()} == {"q": (44, 2), "p": (44, 3)}
        else:
            assert [value.shape for value in given] == shapes
        whole = model(data[0])
        first = whole["q"] if shapes is None else whole[0]
        np.testing.assert_allclose(given["q"] if shapes is None else given[0], first, rtol=1e-5, atol=1e-6)


def test_stop_training_ends_the_epoch_at_the_batch_that_set_it(regression, data):
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 2

    model = regression()
    history = model.fit(*data, batch_size=8, epochs=4, verbose=0, callbacks=[Stop()])
    assert int(model.optimizer.iterations.numpy()) == 3
    assert len(history.epoch) == 1


@pytest.mark.parametrize("hook", ["on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end"])
def test_a_callback_may_assign_weights_and_learning_rate_at_any_hook(regression, data, hook):
    class Freeze(callbacks.Callback):
        pass

    def freeze(self, *args):
        self.model.optimizer.learning_rate = 0.0
        self.model.layers[-1].kernel.assign(np.ones((6, 1)))

    setattr(Freeze, hook, freeze)
    model = regression(optimizer="sgd")
    model.fit(*data, batch_size=8, epochs=2, verbose=0, callbacks=[Freeze()])
    np.testing.assert_array_equal(model.layers[-1].kernel.numpy(), np.ones((6, 1)))
    assert float(model.optimizer.learning_rate) == 0.0


@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_train_batch_begin"])
def test_a_callback_may_freeze_a_layer_while_training(regression, data, hook):
    class Freeze(callbacks.Callback):
        pass

    def freeze(self, index, logs=None):
        if self.model.optimizer.iterations.numpy() == 6:
            self.model.layers[0].trainable = False
            self.kernel = self.model.layers[0].kernel.numpy()

    setattr(Freeze, hook, freeze)
    model, callback = regression(), Freeze()
    before = model.layers[0].kernel.numpy()
    model.fit(*data, batch_size=8, epochs=3, verbose=0, callbacks=[callback])
    assert not np.array_equal(callback.kernel, before)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), callback.kernel)


def test_trainable_changed_after_compile_takes_effect(regression, data):
    model = regression()
    model.fit(*data, verbose=0)
    model.layers[0].trainable = False
    frozen, free = model.layers[0].kernel.numpy(), model.layers[-1].kernel.numpy()
    model.fit(*data, verbose=0)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), frozen)
    assert not np.array_equal(model.layers[-1].kernel.numpy(), free)
    model.layers[0].trainable = True
    model.fit(*data, verbose=0)
    assert not np.array_equal(model.layers[0].kernel.numpy(), frozen)


def test_a_new_learning_rate_never_compiles_again(regression, data):
    model = regression()
    model.fit(*data, batch_size=8, verbose=0)
    engine = model._engine.value
    steps, programs = dict(engine.now.steps), dict(engine.now.programs)
    for rate in (1e-2, 1e-3):
        model.optimizer.learning_rate = rate
        model.fit(
            *data, batch_size=8, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch, rate=rate: rate)]
        )
    assert engine.now.steps == steps
    assert engine.now.programs == programs


def test_one_metric_given_once_applies_to_every_output(data):
    x, y = data
    inputs = kerax.Input((5,))
    model = kerax.Model(inputs, [layers.Dense(1, name="a")(inputs), layers.Dense(1, name="b")(inputs)])
    model.compile("sgd", loss="mse", metrics=["RootMeanSquaredError"])
    logs = model.fit(x, [y, y + 1], verbose=0).history
    assert list(logs) == ["a_loss", "a_root_mean_squared_error", "b_loss", "b_root_mean_squared_error", "loss"]
    result = model.evaluate(x, [y, y + 1], verbose=0)
    np.testing.assert_allclose(np.sqrt(result[1:3]), result[3:], rtol=1e-4)
    assert result[3] != result[4]


def test_class_weights_reach_labels_of_every_time_step(rng):
    x = rng.normal(size=(24, 4, 5)).astype("float32")
    y = rng.integers(0, 3, (24, 4))
    weights = {0: 0.0, 1: 2.0, 2: 0.5}
    model = kerax.Sequential([kerax.Input((4, 5)), layers.Dense(3, "softmax")])
    model.compile(kerax.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    probabilities = np.asarray(model(x))
    each = -np.log(np.take_along_axis(probabilities, y[..., None], -1)[..., 0])
    expected = np.mean(each * np.vectorize(weights.get)(y))
    history = model.fit(x, y, class_weight=weights, batch_size=24, verbose=0)
    np.testing.assert_allclose(history.history["loss"][0], expected, rtol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains(data, policy):
    kerax.utils.set_random_seed(0)
    kerax.mixed_precision.set_global_policy(policy)
    try:
        model = kerax.Sequential([kerax.Input((5,)), layers.Dense(8, "tanh"), layers.Dense(1, dtype="float32")])
        model.compile(kerax.optimizers.Adam(0.03), "mse")
        scaled = isinstance(model.optimizer, kerax.optimizers.LossScaleOptimizer)
        assert scaled == (policy == "mixed_float16")
        losses = model.fit(*data, batch_size=8, epochs=15, verbose=0).history["loss"]
    finally:
        kerax.mixed_precision.set_global_policy("float32")
    assert losses[-1] < 0.2 * losses[0]
    assert {w.dtype.name for w in model.get_weights()} == {"float32"}


def test_eager_steps_agree_with_compiled_ones(regression, data):
    compiled, eager = regression(metrics=["mae"]), regression(metrics=["mae"], run_eagerly=True)
    options = {"batch_size": 22, "epochs": 2, "verbose": 0, "shuffle": False}
    expected, given = compiled.fit(*data, **options).history, eager.fit(*data, **options).history
    assert list(given) == list(expected)
    for name in expected:
        np.testing.assert_allclose(given[name], expected[name], rtol=1e-5)
    np.testing.assert_allclose(eager.evaluate(*data, verbose=0), compiled.evaluate(*data, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(eager.predict(data[0], verbose=0), compiled.predict(data[0], verbose=0), rtol=1e-5)


def test_eager_losses_may_branch_on_values(regression, data):
    seen = []

    def loss(y_true, y_pred):
        gap = kerax.ops.mean(kerax.ops.square(y_true - y_pred), axis=-1)
        if gap.sum() >= 0:  # a tracer of a compiled step would refuse
            seen.append(gap)
        return gap

    regression(loss=loss, run_eagerly=True).fit(*data, batch_size=22, verbose=0)
    assert len(seen) == 2


def test_an_eager_subclass_may_branch_in_call_and_see_values_in_metrics(data):
    seen = []

    class Branching(kerax.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x if (x * x).sum() > 0 else -x)

    class Largest(kerax.metrics.Metric):
        def __init__(self):
            super().__init__(name="largest")
            self.value = self.add_weight(name="value", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            seen.append(np.asarray(y_pred).max())
            self.value.assign(max(seen))

        def result(self):
            return self.value

    model = Branching()
    model.compile("sgd", "mse", metrics=[Largest()], run_eagerly=True)
    logs = model.fit(*data, batch_size=22, verbose=0).history
    assert len(seen) == 2
    assert logs["largest"] == [pytest.approx(max(seen))]


def test_eager_evaluate_and_predict_see_plain_arrays(data):
    seen = []

    class Look(layers.Layer):
        def call(self, x):
            if not isinstance(x, jax.core.Tracer):  # building looks at shapes alone
                seen.append(np.asarray(x))
            return x

    model = kerax.Sequential([kerax.Input((5,)), Look(), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    seen.clear()
    model.evaluate(*data, batch_size=22, verbose=0)
    model.predict(data[0], batch_size=22, verbose=0)
    np.testing.assert_array_equal(np.concatenate(seen), np.concatenate([data[0], data[0]]))


def test_nothing_of_a_step_stays_in_the_losses(regression, data):
    model = regression(layers.Dense(4, activity_regularizer="l2", kernel_regularizer="l1"))
    model.fit(*data, verbose=0)
    for value in model.losses:
        float(value)


LATE = {
    "F1Score": lambda: kerax.metrics.F1Score(threshold=0.5),
    "FBetaScore": lambda: kerax.metrics.FBetaScore(beta=2.0, threshold=0.4),
    "R2Score": lambda: kerax.metrics.R2Score(),
}


@pytest.mark.parametrize("every_batch", [False, True], ids=["fused", "single"])
@pytest.mark.parametrize("name", LATE)
def test_metrics_that_make_their_variables_late_work_in_fit(name, every_batch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    model = kerax.Sequential([kerax.Input((4,)), layers.Dense(1, "sigmoid")])
    model.compile(kerax.optimizers.Adam(0.1), "binary_crossentropy", metrics=[LATE[name]()])
    seen = []
    listening = [callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(dict(logs)))]
    history = model.fit(
        x, y, batch_size=16, epochs=3, verbose=0, validation_data=(x, y), callbacks=listening if every_batch else []
    ).history
    metric = LATE[name]()
    metric.update_state(y, model.predict(x, verbose=0))
    expected = float(np.squeeze(metric.result()))
    key = metric.name
    assert float(np.squeeze(history[f"val_{key}"][-1])) == pytest.approx(expected, rel=1e-5)
    assert len(history[key]) == 3
    assert float(np.squeeze(model.evaluate(x, y, verbose=0)[1])) == pytest.approx(expected, rel=1e-5)
    assert not every_batch or (len(seen) == 9 and key in seen[0])
