"""Bad input gets one clear error, of the type Keras raises, that names the layer, what came and what was expected."""

from __future__ import annotations

import numpy as np
import pytest

import kerax
from kerax import layers


@pytest.fixture
def parts():
    x = kerax.Input((4,), name="features")
    y = layers.Dense(2, name="head")(x)
    return x, y, kerax.Model(x, y, name="net")


def test_a_wrong_shape_names_the_model_the_input_and_both_shapes(parts):
    with pytest.raises(
        ValueError, match=r"'net', input 'features': got an input of shape \(2, 5\), expected \(None, 4\)"
    ):
        parts[2](np.ones((2, 5)))


def test_a_wrong_rank_names_the_layer_and_both_ranks():
    with pytest.raises(ValueError, match=r"Conv2D 'stem': got an input of shape \(2, 8, 8\).*ndim=4.*found ndim=3"):
        layers.Conv2D(2, 3, name="stem")(np.ones((2, 8, 8)))


def test_a_changed_width_is_named():
    layer = layers.Dense(2, name="head")
    layer(np.ones((8, 4)))
    with pytest.raises(ValueError, match=r"'head'.*\(8, 3\).*size 4 along axis -1"):
        layer(np.ones((8, 3)))


def test_a_last_axis_of_one_may_be_missing_or_extra(parts):
    assert parts[2](np.ones((2, 4, 1))).shape == (2, 2)


def test_set_weights_names_the_weight_and_both_shapes(parts):
    with pytest.raises(ValueError, match=r"set_weights.*\(4, 3\).*'head/kernel'.*\(4, 2\)"):
        parts[2].set_weights([np.ones((4, 3)), np.ones(2)])
    with pytest.raises(ValueError, match="got 1 values, expected 2"):
        parts[2].set_weights([np.ones((4, 2))])


def test_two_layers_of_one_name_are_named(parts):
    with pytest.raises(ValueError, match="Two layers of this model are called 'head'"):
        kerax.Model(parts[0], layers.Dense(2, name="head")(parts[1]))
    with pytest.raises(ValueError, match="a second layer called 'a'"):
        kerax.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="a")])


def test_a_disconnected_graph_names_the_missing_input(parts):
    with pytest.raises(ValueError, match="disconnected.*'features'.*not among its inputs"):
        kerax.Model(kerax.Input((4,), name="other"), parts[1])


def test_a_cycle_is_named(parts):
    x, y, _ = parts
    z = layers.Dense(4, name="back")(y)
    y.node.args, y.node.inputs = (z,), [z]  # nothing public makes one
    with pytest.raises(ValueError, match="cycle through"):
        kerax.Model(x, z)


@pytest.mark.parametrize(("inputs", "outputs"), [(np.ones(3), None), (None, np.ones(3)), ([], None), (None, [])])
def test_inputs_and_outputs_must_be_symbolic(parts, inputs, outputs):
    with pytest.raises(ValueError, match="of a functional model"):
        kerax.Model(parts[0] if inputs is None else inputs, parts[1] if outputs is None else outputs)


def test_missing_inputs_are_named(parts):
    x = {"a": kerax.Input((4,), name="a"), "b": kerax.Input((4,), name="b")}
    model = kerax.Model(x, layers.Add()(list(x.values())))
    with pytest.raises(ValueError, match=r"inputs named \['a'\].*'b'"):
        model({"a": np.ones((1, 4))})
    with pytest.raises(ValueError, match="got 1 inputs, expected 2"):
        model([np.ones((1, 4))])


def test_unknown_layers_and_indices_are_told(parts):
    with pytest.raises(ValueError, match=r"'quark'.*\['features', 'head'\]"):
        parts[2].get_layer("quark")
    with pytest.raises(ValueError, match="index=9"):
        parts[2].get_layer(index=9)
    with pytest.raises(ValueError, match="one of the two"):
        parts[2].get_layer()


def test_weights_that_do_not_exist_yet():
    with pytest.raises(ValueError, match="not built.*call it on data once"):
        layers.Dense(2).count_params()
    with pytest.raises(ValueError, match="not built"):
        kerax.Sequential([layers.Dense(2)]).as_function()
    assert kerax.Sequential([layers.Dense(2)]).weights == []


@pytest.mark.parametrize("what", ["input", "output", "input_shape", "output_shape", "inputs", "outputs"])
def test_ends_of_an_unbuilt_stack_are_attribute_errors(what):
    with pytest.raises(AttributeError, match="not built"):
        getattr(kerax.Sequential([layers.Dense(2)]), what)


def test_ends_of_a_layer_never_called_are_attribute_errors():
    with pytest.raises(AttributeError, match="never called on a symbolic tensor"):
        _ = layers.Dense(2).output


@pytest.mark.parametrize("name", ["weights", "input", "output", "losses", "metrics", "variables", "path", "dtype"])
@pytest.mark.parametrize("base", [layers.Layer, kerax.Model])
def test_reserved_names_are_protected(base, name):
    class Mine(base):
        def __init__(self):
            super().__init__()
            setattr(self, name, 3)

    with pytest.raises(AttributeError, match=f"Mine.{name} is reserved.*choose another"):
        Mine()


def test_layers_is_reserved_in_models_alone():
    class Mine(kerax.Model):
        def __init__(self):
            super().__init__()
            self.layers = []

    class Free(layers.Layer):
        def __init__(self):
            super().__init__()
            self.layers = [layers.Dense(1)]

    with pytest.raises(AttributeError, match="Mine.layers is reserved"):
        Mine()
    assert len(Free().layers) == 1


def test_a_subclass_may_declare_a_property_of_a_reserved_name():
    class Mine(layers.Layer):
        @property
        def input(self):
            return 4

        def call(self, x):
            return x

    assert Mine().input == 4
    assert Mine()(np.ones((2, 2))).shape == (2, 2)


def test_a_forgotten_super_init_is_told():
    class Never(layers.Layer):
        def __init__(self, early=None):
            self.inner = layers.Dense(2)
            if early is not None:
                early(self)

    with pytest.raises(RuntimeError, match=r"Never: it was called.*never called super\(\).__init__"):
        Never()(np.ones((2, 2)))
    with pytest.raises(RuntimeError, match="Never: add_weight was called"):
        Never(lambda layer: layer.add_weight(shape=(2,)))
    with pytest.raises(RuntimeError, match=r"Never: self\.trainable was set"):
        Never(lambda layer: setattr(layer, "trainable", False))


@pytest.mark.parametrize("base", [layers.Layer, kerax.Model])
def test_attributes_may_be_set_before_super_init(base):
    class Early(base):
        def __init__(self, factor, **kwargs):
            self.factor = factor
            self.inner = layers.Dense(2)
            super().__init__(**kwargs)

        def call(self, x):
            return self.inner(x) * self.factor

    early = Early(3.0, name="early")
    assert early(np.ones((2, 2))).shape == (2, 2)
    assert [weight.path for weight in early.weights] == ["early/dense/kernel", "early/dense/bias"]


def test_late_weights_are_refused():
    class Late(layers.Layer):
        def call(self, x):
            return x * self.add_weight(shape=(2,), name="late")

    with pytest.raises(ValueError, match="Late 'late'.*built already"):
        Late()(np.ones((2, 2)))


@pytest.mark.parametrize("name", ["a/b", 3])
def test_names_are_strings_without_slashes(name):
    with pytest.raises(ValueError, match="without '/'"):
        layers.Dense(2, name=name)


def test_unknown_keywords_are_named():
    with pytest.raises(ValueError, match=r"unknown keyword arguments \['foo'\]"):
        layers.Dense(2, foo=1)


@pytest.mark.parametrize("arguments", [{}, {"shape": "abc"}, {"shape": (-1,)}, {"shape": (2,), "batch_shape": (1, 2)}])
def test_inputs_need_a_shape(arguments):
    with pytest.raises(ValueError, match="Input"):
        kerax.Input(**arguments)


@pytest.mark.parametrize("layer", [3, np.abs, "dense"])
def test_only_layers_stack(layer):
    with pytest.raises(ValueError, match="Sequential.*expected a layer"):
        kerax.Sequential([layer])


def test_only_tensors_are_positional():
    with pytest.raises(ValueError, match="the positional argument 3 of type int"):
        layers.Dense(2)(3)


def test_call_must_be_written():
    with pytest.raises(NotImplementedError, match="call"):
        kerax.Model()(np.ones((2, 2)))


def test_an_error_in_call_names_the_layer_it_came_from():
    class Broken(layers.Layer):
        def call(self, x):
            raise KeyError("oops")

    with pytest.raises(KeyError) as caught:
        kerax.Sequential([Broken(name="cracked")])(np.ones((2, 3)))
    assert any("Broken 'cracked'" in note for note in caught.value.__notes__)


def test_a_symbolic_tensor_has_no_truth_value(parts):
    with pytest.raises(TypeError, match="truth value"):
        bool(parts[0])
