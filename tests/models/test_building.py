"""The three kinds of models, free mixing of them, and what layers in them know."""

from __future__ import annotations

import warnings

import jax.numpy as jnp
import keras
import numpy as np
import pytest

import kerax
from kerax import layers


class Block(kerax.Model):
    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(units)

    def call(self, x):
        return self.inner(x)


def ones(*shape):
    return np.ones(shape, "float32")


def lines(model):
    text = []
    model.summary(print_fn=lambda line, **_: text.append(line))
    return "\n".join(text)


# -- Sequential ----------------------------------------------------------------------------------


def test_a_single_layer_needs_no_list():
    model = kerax.Sequential(layers.Dense(1))
    assert model(ones(2, 3)).shape == (2, 1)


def test_a_stack_with_an_input_is_built_and_summarized_after_each_add():
    model = kerax.Sequential()
    model.add(kerax.Input((4,)))
    for index, units in enumerate((5, 3)):
        model.add(layers.Dense(units))
        assert model.built
        assert model.output_shape == (None, units)
        assert f"dense{'_1' if index else ''}" in lines(model)
    assert model.count_params() == 4 * 5 + 5 + 5 * 3 + 3


def test_pop_takes_the_top_off():
    model = kerax.Sequential([kerax.Input((4,)), layers.Dense(5, name="a"), layers.Dense(3, name="b")])
    assert model.pop().name == "b"
    assert model.output_shape == (None, 5)
    assert [layer.name for layer in model.layers] == ["a"]
    assert model(ones(2, 4)).shape == (2, 5)


def test_a_deferred_stack_is_built_by_data_by_build_and_by_a_symbolic_call():
    for start in (lambda m: m(ones(2, 4)), lambda m: m.build((None, 4)), lambda m: m(kerax.Input((4,)))):
        model = kerax.Sequential([layers.Dense(5), layers.Dense(3)])
        assert (model.built, model.weights) == (False, [])
        start(model)
        assert model.built
        assert [w.shape for w in model.weights] == [(4, 5), (5,), (5, 3), (3,)]


@pytest.mark.parametrize("given", [{"input_shape": (4,)}, {"input_dim": 4}, {"batch_input_shape": (None, 4)}])
def test_the_first_layer_may_bring_the_input_shape(given):
    model = kerax.Sequential([layers.Dense(2, **given)])
    assert model.input_shape == (None, 4)


def test_a_stack_of_a_flax_module_wraps_it():
    from flax import nnx

    model = kerax.Sequential([nnx.Linear(3, 2, rngs=nnx.Rngs(0)), layers.Dense(1)])
    assert model(ones(2, 3)).shape == (2, 1)
    assert len(model.trainable_weights) == 4


# -- functional ----------------------------------------------------------------------------------


def test_outputs_keep_the_structure_given():
    x = kerax.Input((2,))
    model = kerax.Model(x, {"a": x + 1, "b": [x * 2, (x - 1, x)]})
    out = model(ones(1, 2))
    assert isinstance(out["b"][1], tuple)
    np.testing.assert_array_equal(out["b"][0], 2 * ones(1, 2))


def test_inputs_come_as_list_tuple_or_dict_by_name():
    a, b = kerax.Input((2,), name="a"), kerax.Input((2,), name="b")
    model = kerax.Model([a, b], a - b)
    for given in ([2 * ones(1, 2), ones(1, 2)], (2 * ones(1, 2), ones(1, 2)), {"b": ones(1, 2), "a": 2 * ones(1, 2)}):
        np.testing.assert_array_equal(model(given), ones(1, 2))


def test_features_come_from_inner_tensors_and_share_weights():
    model = kerax.Sequential([kerax.Input((4,)), layers.Dense(3, name="low"), layers.Dense(2, name="high")])
    features = kerax.Model(model.inputs, model.get_layer("low").output)
    top = kerax.Model(model.get_layer("high").input, model.output)
    x = ones(2, 4)
    np.testing.assert_allclose(top(features(x)), model(x), rtol=1e-6)
    assert features.get_layer("low") is model.get_layer("low")


def test_models_take_other_batch_sizes_and_unknown_lengths():
    x = kerax.Input((None, 3))
    model = kerax.Model(x, layers.GlobalAveragePooling1D()(layers.Conv1D(2, 2)(x)))
    y = kerax.Input((7, 3))
    assert model(y).shape == (None, 2)
    for length in (2, 9):
        assert model(ones(5, length, 3)).shape == (5, 2)


def test_a_layer_called_twice_runs_twice():
    x = kerax.Input((3,))
    shared = layers.Dense(3, kernel_initializer="ones")
    y = shared(shared(x))
    np.testing.assert_array_equal(kerax.Model(x, y)(ones(1, 3)), 9 * ones(1, 3))
    np.testing.assert_array_equal(kerax.Model(x, shared.output)(ones(1, 3)), 3 * ones(1, 3))


def test_layers_that_give_none_among_their_outputs_stand_in_graphs():
    class Pair(layers.Layer):
        def call(self, x):
            return x + 1, None

    x = kerax.Input((2,))
    y, nothing = Pair()(x)
    assert nothing is None
    np.testing.assert_array_equal(kerax.Model(x, y)(ones(1, 2)), 2 * ones(1, 2))


def test_layers_know_their_ends():
    x = kerax.Input((4,))
    layer = layers.Dense(2)
    y = layer(x)
    assert (layer.input is x, layer.output is y) == (True, True)
    assert (layer.input_shape, layer.output_shape) == ((None, 4), (None, 2))


def test_adapting_after_the_graph_was_built_reaches_the_model():
    x = kerax.Input((2,))
    norm = layers.Normalization()
    model = kerax.Model(x, norm(x))
    data = np.array([[1.0, 10.0], [3.0, 30.0]], "float32")
    np.testing.assert_allclose(model(data), data)
    norm.adapt(data)
    np.testing.assert_allclose(np.mean(model(data), axis=0), [0, 0], atol=1e-5)


# -- subclassed, and mixtures --------------------------------------------------------------------


def test_subclassed_models_stand_in_functional_ones_and_the_reverse(rng):
    x = kerax.Input((4,))
    functional = kerax.Model(x, kerax.Sequential([Block(5), layers.Dense(3)])(Block(6)(x)))

    class Outer(kerax.Model):
        def __init__(self):
            super().__init__()
            self.part = functional
            self.stack = kerax.Sequential([layers.Dense(1)])

        def call(self, x):
            return self.stack(self.part(x))

    model = Outer()
    model.compile(kerax.optimizers.Adam(0.02), "mse")
    data = rng.normal(size=(64, 4)).astype("float32")
    logs = model.fit(data, data.sum(1, keepdims=True), epochs=20, verbose=0).history["loss"]
    assert logs[-1] < 0.5 * logs[0]
    assert len(model.trainable_weights) == 8


def test_a_custom_train_step_of_a_functional_model_runs(rng):
    class Counting(kerax.Model):
        def train_step(self, data):
            logs = super().train_step(data)
            return {**logs, "seven": jnp.float32(7)}

    x = kerax.Input((3,))
    model = Counting(x, layers.Dense(1)(x), name="mine")
    assert isinstance(model, Counting)
    assert isinstance(model, kerax.Functional)
    assert model.name == "mine"
    model.compile("sgd", "mse")
    data = rng.normal(size=(8, 3)).astype("float32")
    history = model.fit(data, data[:, :1], epochs=1, verbose=0).history
    assert history["seven"] == [7.0]


def test_a_class_may_build_its_graph_in_its_constructor():
    class Made(kerax.Model):
        def __init__(self, units=2):
            x = kerax.Input((3,))
            super().__init__(inputs=x, outputs=layers.Dense(units)(x))
            self.extra = layers.Dense(4)

    model = Made()
    assert model.name == "made"
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dense", "Dense"]
    assert model(ones(2, 3)).shape == (2, 2)
    assert type(model).from_config(model.get_config())(ones(2, 3)).shape == (2, 2)


def test_layers_made_inside_call_compute():
    class Fresh(kerax.Model):
        def call(self, x):
            return layers.Dense(3)(x)

    model = Fresh()
    assert model(ones(2, 2)).shape == (2, 3)
    assert model.weights == []


def test_call_takes_symbolic_tensors():
    class Two(kerax.Model):
        def call(self, inputs):
            return inputs[0] + inputs[1]

    out = Two().call([kerax.Input((2,)), kerax.Input((2,))])
    assert out.shape == (None, 2)


def test_a_model_over_integers_is_built_by_its_first_call():
    class Words(kerax.Model):
        def __init__(self):
            super().__init__()
            self.out = layers.Dense(2)

        def call(self, ids):
            return self.out(kerax.ops.one_hot(ids, 5) if hasattr(kerax.ops, "one_hot") else jnp.eye(5)[ids])

    assert Words()(np.array([[1, 2]])).shape == (1, 2, 2)


def test_inner_weights_carry_the_path_of_the_model():
    class Lists(kerax.Model):
        def __init__(self):
            super().__init__()
            self.z = [layers.Dense(1), layers.Dense(2)]
            self.a = {"k": layers.Dense(3), "b": [layers.Dense(4)]}
            self.t = (layers.Dense(5),)
            self.first = self.z[0]

        def call(self, x):
            for layer in [*self.z, self.a["k"], self.a["b"][0], self.t[0]]:
                x = layer(x)
            return x

    model = Lists()
    model(ones(2, 2))
    paths = [f"lists/dense{suffix}/{kind}" for suffix in ("", "_1", "_2", "_3", "_4") for kind in ("kernel", "bias")]
    assert [w.path for w in model.weights] == paths
    assert len(model.layers) == 5


def test_plain_variables_are_weights_where_they_are_assigned():
    class Plain(layers.Layer):
        def __init__(self):
            super().__init__()
            self.scale = kerax.Variable(np.ones(2), name="scale")
            self.count = kerax.Variable(np.zeros(2), trainable=False, name="count")
            self.early = self.add_weight(shape=(2,), name="early")

        def call(self, x):
            return x * self.scale * self.early

    layer = Plain()
    assert not layer.built
    layer(ones(2, 2))
    assert [w.path for w in layer.trainable_weights] == ["scale", "plain/early"]
    assert [w.path for w in layer.weights] == ["scale", "plain/early", "count"]


def test_trainable_reaches_every_layer_inside():
    x = kerax.Input((4,))
    inner = kerax.Model(x, layers.Dense(3)(x))
    model = kerax.Sequential([kerax.Input((4,)), inner, layers.BatchNormalization()])
    model.trainable = False
    assert model.trainable_weights == []
    assert not inner.layers[1].trainable
    model.trainable = True
    inner.trainable = False
    assert [w.name for w in model.trainable_weights] == ["gamma", "beta"]
    assert len(model.non_trainable_weights) == 4
    with pytest.raises(ValueError, match="True or False"):
        model.trainable = 1


# -- names ---------------------------------------------------------------------------------------


def scenario(K):
    L = K.layers
    x = K.Input((2,))
    names = [x.node.operation.name if K is kerax else x._keras_history.operation.name]
    names += [K.Model(x, L.Dense(1)(x)).name, K.Model(x, L.Dense(1)(x)).name]
    names += [K.Sequential([L.Dense(1)]).name, K.Sequential([K.Input((2,)), L.Dense(1)]).name]
    model = K.Model(x, (x + 1) * 2)
    return [*names, model.name, *(op.name for op in model.operations), L.Dense(1).name, L.LSTM(1).name]


def test_automatic_names_are_those_of_keras():
    keras.utils.clear_session(free_memory=False)
    kerax.utils.clear_session()
    first = scenario(kerax)
    assert first == scenario(keras)
    kerax.utils.clear_session()
    assert scenario(kerax) == first


# -- masks, training, losses, dtypes -------------------------------------------------------------


def test_masks_travel_through_layers_and_operators(rng):
    def make(K):
        x = K.Input((5,), dtype="int32")
        h = K.layers.Embedding(6, 3, mask_zero=True)(x)
        h = K.layers.Dense(3)(h)
        return K.Model(x, K.layers.LSTM(2)(h)), x, h

    ours, x, h = make(kerax)
    theirs = make(keras)[0]
    ours.set_weights([np.array(w.value) for w in theirs.weights])
    ids = rng.integers(0, 6, (4, 5))
    np.testing.assert_allclose(ours(ids), theirs(ids), rtol=1e-5, atol=1e-6)
    through = kerax.Model(x, layers.LSTM(2, name="last")(h * 1.0 + 0.0))
    through.get_layer("last").set_weights(ours.layers[-1].get_weights())
    np.testing.assert_allclose(through(ids), ours(ids), rtol=1e-5, atol=1e-6)


def test_a_dropped_mask_is_told():
    class Deaf(layers.Layer):
        def call(self, x):
            return x

    x = kerax.Input((5,), dtype="int32")
    h = layers.Embedding(6, 3, mask_zero=True)(x)
    with pytest.warns(UserWarning, match="'deaf' does not support masking"):
        Deaf()(h)
    with pytest.warns(UserWarning, match="ends at the op"):
        kerax.ops.reshape(h, (-1, 15))


def test_the_training_argument_reaches_inner_layers():
    class Wrap(layers.Layer):
        def __init__(self):
            super().__init__()
            self.drop = layers.Dropout(0.9)

        def call(self, x):
            return self.drop(x)

    x = kerax.Input((50,))
    model = kerax.Model(x, Wrap()(x))
    assert np.all(np.asarray(model(ones(1, 50))) == 1)
    assert np.any(np.asarray(model(ones(1, 50), training=True)) == 0)
    always = kerax.Model(x, layers.Dropout(0.9)(x, training=True))
    assert np.any(np.asarray(always(ones(1, 50), training=False)) == 0)


def test_losses_are_counted_once_at_any_depth():
    class Adds(layers.Layer):
        def call(self, x):
            self.add_loss(jnp.sum(x))
            return x

    x = kerax.Input((2,))
    inner = kerax.Model(
        x,
        Adds()(
            layers.Dense(
                2, kernel_regularizer=kerax.regularizers.L2(1.0), kernel_initializer="ones", activity_regularizer="l2"
            )(x)
        ),
    )
    model = kerax.Sequential([kerax.Input((2,)), inner, kerax.Sequential([Adds()])])
    model(ones(1, 2))
    found = sorted(float(loss) for loss in model.losses)
    np.testing.assert_allclose(found, [0.01 * 8, 4.0, 4.0, 4.0], rtol=1e-6)
    model(ones(1, 2))
    assert len(model.losses) == 4


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_policies_of_layers_decide_dtypes(policy):
    x = kerax.Input((4,))
    model = kerax.Model(x, layers.Dense(1, dtype="float32")(layers.Dense(3, dtype=policy)(x)))
    theirs_x = keras.Input((4,))
    theirs = keras.Model(
        theirs_x, keras.layers.Dense(1, dtype="float32")(keras.layers.Dense(3, dtype=policy)(theirs_x))
    )
    assert [str(w.dtype) for w in model.weights] == [str(w.dtype) for w in theirs.weights]
    assert model.layers[1].output.dtype == str(theirs.layers[1].output.dtype)
    assert str(model(ones(2, 4)).dtype) == "float32"


def test_custom_layers_capture_their_arguments():
    class Scale(layers.Layer):
        def __init__(self, factor, shift=1, **kwargs):
            super().__init__(**kwargs)
            self.f = factor

        def call(self, x):
            return x * self.f

    layer = Scale(3, shift=(1, 2), name="s")
    again = Scale.from_config(layer.get_config())
    assert (again.f, again.name) == (3, "s")
    assert layer.get_config()["shift"] == (1, 2)


def test_custom_layers_without_keywords_come_back():
    class Plain(layers.Layer):
        def __init__(self, units=3):
            super().__init__()
            self.units = units

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Plain.from_config(Plain(5).get_config()).units == 5
