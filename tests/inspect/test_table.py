"""The text of summary(), next to Keras's, on the same models."""

import keras
import numpy as np
import pytest

import kerax


def text_of(model, **options):
    parts = []
    model.summary(print_fn=parts.append, **options)
    assert len(parts) == 1
    return parts[0]


def stack(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((28, 28, 1)),
            layers.Conv2D(8, 3),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(10),
        ],
        name="cnn",
    )


def frozen(k):
    model = stack(k)
    model.layers[0].trainable = False
    return model


def unbuilt(k):
    return k.Sequential([k.layers.Dense(3), k.layers.LSTM(4)])


def empty(k):
    return k.Sequential()


def chain(k):
    x = k.Input((4,), batch_size=2)
    return k.Model(x, k.layers.Softmax()(k.layers.Dense(3)(k.layers.Dense(3)(x))))


def graph(k):
    layers = k.layers
    a, b = k.Input((4,), name="a"), k.Input((3,), name="b_in")
    total = layers.Add()([layers.Dense(5, name="h")(a), layers.Dense(5, name="h2")(b)])
    inner = k.Sequential([k.Input((5,)), layers.Dense(6), layers.Dense(7)], name="inner")
    states = layers.LSTM(3, return_state=True)(layers.Reshape((1, 5))(total))
    joined = layers.Concatenate()([inner(total), *states, total])
    return k.Model([a, b], {"x": layers.Dense(1, name="out")(joined), "y": total}, name="func")


def residual(k):
    x = k.Input((3,))
    return k.Model(x, k.layers.Add()([k.layers.Dense(3)(x), x]))


def shared(k):
    layer = k.layers.Dense(4, name="shared")
    a, b = k.Input((4,)), k.Input((4,))
    return k.Model([a, b], k.layers.Concatenate()([layer(a), layer(b)]))


def nested_twice(k):
    x = k.Input((5,))
    inner = k.Model(x, k.layers.Add(name="inner_add")([k.layers.Dense(5)(x), x]))
    y = k.Input((5,))
    middle = k.Model(y, k.layers.Add(name="outer_add")([inner(y), y]))
    a, b = k.Input((4,), name="a"), k.Input((3,))
    return k.Model([a, b], middle(k.layers.Add()([k.layers.Dense(5)(a), k.layers.Dense(5)(b)])), name="func")


def operators(k):
    x = k.Input((4,), name="x")
    return k.Model(x, k.ops.sum(k.ops.relu(x), axis=-1, keepdims=True))


def half(k):
    model = k.Sequential([k.layers.Dense(1000, name="a_very_long_layer_name_that_does_not_fit_in_its_column")])
    model.add(k.layers.Dense(3000, dtype="float16"))
    model.build((None, 1000))
    return model


def normalized(k):
    return k.Sequential([k.Input((4,)), k.layers.Normalization(), k.layers.Dense(3)])


def recurrent(k):
    layers = k.layers
    return k.Sequential([k.Input((None,)), layers.Embedding(10, 4, mask_zero=True), layers.LSTM(3), layers.Dense(2)])


def long_names(k):
    x = k.Input((4, 4, 2))
    pooled = k.layers.GlobalAveragePooling2D()(x)
    return k.Model(x, k.layers.Concatenate()([pooled, k.layers.GlobalAveragePooling2D()(x)]))


def subclassed(k, call=True):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.d1 = k.layers.Dense(4)
            self.bn = k.layers.BatchNormalization()
            self.blk = k.Sequential([k.layers.Dense(3), k.layers.Dense(2)])

        def call(self, x):
            return self.blk(self.bn(self.d1(x)))

    model = Net()
    if call:
        model(np.ones((2, 3), "float32"))
    return model


def subclassed_unbuilt(k):
    return subclassed(k, call=False)


def subclass_within(k):
    class Two(k.Model):
        def __init__(self):
            super().__init__()
            self.d1 = k.layers.Dense(4)

        def call(self, x):
            return [self.d1(x), x]

    x = k.Input((3,))
    return k.Model(x, Two()(x))


MODELS = [
    stack, frozen, unbuilt, empty, chain, graph, residual, shared, nested_twice, operators, half, normalized,
    recurrent, long_names, subclassed, subclassed_unbuilt, subclass_within,
]  # fmt: skip


@pytest.fixture
def both(request):
    """The same model of both libraries, with the same names."""
    return request.param(kerax), request.param(keras)


# What a model that was called on data knows of the shapes inside a model inside it is not Keras's business.
FLAT = (subclassed, subclass_within)


@pytest.mark.parametrize("both", MODELS, indirect=True, ids=lambda make: make.__name__)
def test_the_table_is_that_of_keras(both, request):
    mine, theirs = both
    make = request.node.callspec.params["both"]
    for options in ({}, {"show_trainable": True}, {"expand_nested": True}):
        if not (make in FLAT and "expand_nested" in options):
            assert text_of(mine, **options) == text_of(theirs, **options)


@pytest.mark.parametrize("both", [stack], indirect=True)
def test_widths_and_ranges_are_those_of_keras(both):
    mine, theirs = both
    for options in (
        {"line_length": 60},
        {"line_length": 30},
        {"positions": [0.5, 0.7, 1.0]},
        {"layer_range": ["batch_normalization", "flatten"]},
    ):
        assert text_of(mine, **options) == text_of(theirs, **options)


@pytest.mark.parametrize("both", [stack, graph], indirect=True)
def test_the_optimizers_variables_are_counted(both):
    for model in both:
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
    assert "Optimizer params" in text_of(both[0])
    assert text_of(both[0]) == text_of(both[1])


def test_a_wide_table_is_printed_whole():
    lines = text_of(stack(kerax), line_length=120).splitlines()
    assert {len(line) for line in lines[1:4]} == {120}


def test_printing_goes_to_standard_output(capsys):
    model = stack(kerax)
    model.summary()
    printed = capsys.readouterr().out
    assert printed == text_of(model)
    assert "\x1b" not in printed


def test_names_are_not_read_as_markup(capsys):
    kerax.Sequential([kerax.Input((3,)), kerax.layers.Dense(2, name="[bold]x")], name="[red]y").summary()
    printed = capsys.readouterr().out
    assert "[bold]x (Dense)" in printed
    assert 'Model: "[red]y"' in printed


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"line_length": 10}, "narrower than 4"),
        ({"positions": [0.5, 1.0]}, r"2 positions, expected 3"),
        ({"layer_range": ["conv2d"]}, "two names"),
        ({"layer_range": ["nothing", "dense"]}, r"no layer \['nothing'\]"),
    ],
    ids=str,
)
def test_bad_options_are_named(options, text):
    with pytest.raises(ValueError, match=text):
        stack(kerax).summary(print_fn=print, **options)
