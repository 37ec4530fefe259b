"""plot_model: files, formats, and what the boxes say."""

import inspect
import io
import re
import sys
import xml.etree.ElementTree as ElementTree

import keras
import pytest

import kerax
from kerax import layers
from kerax._inspect.drawing import to_dot, to_svg
from kerax.utils import plot_model


def stack():
    return kerax.Sequential(
        [
            kerax.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu", name="first"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", name="last"),
        ]
    )


def graph():
    a, b = kerax.Input((4,), name="left"), kerax.Input((4,), name="right")
    inner_in = kerax.Input((4,), name="inner_in")
    inner = kerax.Model(inner_in, layers.Add()([layers.Dense(4, name="inner_dense")(inner_in), inner_in]), name="tower")
    joined = layers.Concatenate(name="joined")([inner(a), inner(b)])
    return kerax.Model([a, b], [layers.Dense(1, name="one")(joined), layers.Dense(2, name="two")(joined)])


def texts(svg):
    root = ElementTree.fromstring(svg)
    return [element.text for element in root.iter() if element.tag.endswith("text")]


def test_arguments_and_defaults_are_those_of_keras():
    theirs = inspect.signature(keras.utils.plot_model).parameters.values()
    mine = inspect.signature(plot_model).parameters.values()
    assert [(p.name, p.default) for p in mine] == [(p.name, p.default) for p in theirs if p.name != "kwargs"]


def test_boxes_say_what_was_asked():
    model = stack()
    assert texts(to_svg(model, show_layer_names=False)) == ["Conv2D", "Flatten", "Dense"]
    model.layers[0].trainable = False
    shown = texts(to_svg(model, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True))
    assert shown[:12] == [
        "Conv2D", "first", "in", "(None, 28, 28, 1)", "out", "(None, 26, 26, 8)", "dtype", "float32",
        "activation", "relu", "trainable", "no",
    ]  # fmt: skip
    assert shown[-4:] == ["activation", "softmax", "trainable", "yes"]


def test_nested_models_are_drawn_from_inside_where_asked():
    model = graph()
    outside = texts(to_svg(model))
    assert "tower" in outside
    assert "inner_dense" not in outside
    inside = texts(to_svg(model, expand_nested=True))
    assert {"tower", "inner_in", "inner_dense", "joined"} <= set(inside)


def test_several_inputs_of_a_box_are_all_listed():
    shown = texts(to_svg(graph(), show_shapes=True))
    at = shown.index("joined")
    assert shown[at + 1 : at + 7] == ["in", "(None, 4)", "", "(None, 4)", "out", "(None, 8)"] or shown[
        at + 1 : at + 7
    ] == ["in", "(None, 4)", None, "(None, 4)", "out", "(None, 8)"]


def test_a_layer_called_on_its_own_output_has_a_box_for_each_call():
    x = kerax.Input((4,))
    layer = layers.Dense(4, name="twice")
    assert texts(to_svg(kerax.Model(x, layer(layer(x))))).count("twice") == 2


def test_a_shared_layer_has_one_box():
    a, b = kerax.Input((4,)), kerax.Input((4,))
    layer = layers.Dense(4, name="shared")
    assert texts(to_svg(kerax.Model([a, b], layers.Add()([layer(a), layer(b)])))).count("shared") == 1


def test_a_model_with_a_call_shows_its_layers_unconnected():
    class Net(kerax.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)
            self.last = layers.Dense(3)

        def call(self, x):
            return self.last(self.dense(x))

    model = Net()
    with pytest.raises(ValueError, match=r"plot_model of 'net': got a model that is not built"):
        plot_model(model, None)
    model.build((None, 4))
    svg = to_svg(model)
    assert texts(svg)[::2] == ["Dense", "Dense"]
    assert "<polygon" not in svg


def test_ops_between_layers_have_boxes():
    x = kerax.Input((4,))
    assert "Relu" in texts(to_svg(kerax.Model(x, kerax.ops.relu(layers.Dense(3)(x)))))


@pytest.mark.parametrize("ending", ["png", "jpg", "svg", "dot"])
def test_the_ending_tells_the_format(tmp_path, ending):
    path = tmp_path / f"model.{ending}"
    assert plot_model(graph(), path, show_shapes=True, dpi=96) is None
    data = path.read_bytes()
    start = {"png": b"\x89PNG", "jpg": b"\xff\xd8\xff", "svg": b"<svg", "dot": b"digraph"}[ending]
    assert data.startswith(start)


@pytest.mark.parametrize("rankdir", ["TB", "BT", "LR", "RL"])
def test_every_direction_is_drawn(rankdir):
    root = ElementTree.fromstring(to_svg(stack(), rankdir=rankdir))
    places = [(float(e.get("x")), float(e.get("y"))) for e in root.iter() if e.tag.endswith("text")][::2]
    across = 0 if rankdir in ("LR", "RL") else 1
    values = [place[across] for place in places]
    assert values == sorted(values, reverse=rankdir in ("BT", "RL"))
    assert (float(root.get("width")) > float(root.get("height"))) == (across == 0)


def test_dpi_scales_the_picture(tmp_path):
    from PIL import Image

    sizes = []
    for dpi in (96, 192):
        plot_model(stack(), tmp_path / "m.png", dpi=dpi)
        with Image.open(tmp_path / "m.png") as image:
            sizes.append(image.size)
            assert image.info["dpi"][0] == pytest.approx(dpi, abs=1)
    assert sizes[1][0] == pytest.approx(2 * sizes[0][0], abs=2)
    assert sizes[1][1] == pytest.approx(2 * sizes[0][1], abs=2)


def test_a_picture_has_ink_and_margins(tmp_path):
    from PIL import Image

    plot_model(graph(), tmp_path / "m.png", dpi=96, expand_nested=True)
    with Image.open(tmp_path / "m.png") as image:
        colours = image.convert("RGB").getcolors(1 << 20)
        assert len(colours) > 20
        assert image.getpixel((2, 2)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("options", "text"), [({"rankdir": "XY"}, "rankdir='XY'"), ({"to_file": "model.xyz"}, r"'\.xyz'")]
)
def test_bad_options_are_named(tmp_path, options, text, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=text):
        plot_model(stack(), **options)


def test_pictures_ask_for_pillow_and_svg_does_not(tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name == "PIL" or name.startswith("PIL.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PIL", None)
    plot_model(stack(), tmp_path / "m.svg")
    with pytest.raises(ImportError, match=r"kerax\[vision\]"):
        plot_model(stack(), tmp_path / "m.png")


def test_dot_text_has_every_box_and_edge():
    text = to_dot(graph(), expand_nested=True)
    assert text.count("subgraph cluster") == 1
    assert text.count("->") == 8
    assert text.count("{") == text.count("}")
    assert re.search(r'label="Dense\\ninner_dense"', text)


def test_names_with_special_characters_are_escaped():
    model = kerax.Sequential([kerax.Input((2,)), layers.Dense(1, name='a<b>&"c"')])
    assert 'a<b>&"c"' in texts(to_svg(model))
    assert '\\"c\\"' in to_dot(model)


def test_a_notebook_is_given_the_picture(tmp_path, monkeypatch):
    import types

    shown = types.SimpleNamespace(SVG=lambda text: ("svg", text), Image=lambda **k: ("image", k))
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell, display=shown)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    kind, text = plot_model(stack(), tmp_path / "m.svg")
    assert kind == "svg"
    assert text == (tmp_path / "m.svg").read_text()
    kind, given = plot_model(stack(), tmp_path / "m.png", dpi=192)
    assert kind == "image"
    assert given["data"].startswith(b"\x89PNG")
    assert given["width"] > 0


def test_writing_to_nothing_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    plot_model(stack(), None)
    assert not list(tmp_path.iterdir())
