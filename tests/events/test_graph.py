"""The graph of a model as TensorBoard gets it: its layers, and what flows between them."""

from __future__ import annotations

import numpy as np
import pytest

import kerax
from kerax import layers, ops
from kerax._events.graph import graph_def


def nodes(model):
    """name -> (op, inputs, shapes)."""
    return {
        node.name: (
            node.op,
            list(node.input),
            [tuple(dim.size for dim in shape.dim) for shape in node.attr["_output_shapes"].list.shape],
        )
        for node in graph_def(model).node
    }


def test_a_stack():
    model = kerax.Sequential([kerax.Input((4,), name="x"), layers.Dense(3, name="a"), layers.Dense(2, name="b")])
    assert nodes(model) == {
        "x": ("InputLayer", [], [(-1, 4)]),
        "a": ("Dense", ["x"], [(-1, 3)]),
        "b": ("Dense", ["a"], [(-1, 2)]),
    }


def test_what_a_node_tells_of_its_layer():
    model = kerax.Sequential([kerax.Input((4,)), layers.Dense(3, name="a", activation="relu")])
    facts = {key: value.s for key, value in graph_def(model).node[1].attr.items()}
    assert (facts["units"], facts["activation"], facts["parameters"]) == (b"3", b"relu", b"15")


def test_branches_ops_shared_layers_and_several_outputs():
    left, right = kerax.Input((4,), name="left"), kerax.Input((4,), name="right")
    shared = layers.Dense(4, name="shared")
    total = ops.add(shared(left), shared(right))
    steps = layers.Reshape((2, 2), name="steps")(total)
    out, *states = layers.LSTM(3, return_state=True, name="lstm")(steps)
    model = kerax.Model([left, right], [layers.Add(name="sum")([out, states[1]]), total])
    found = nodes(model)
    assert found["shared"] == ("Dense", ["left"], [(-1, 4)])
    assert found["shared_1"] == ("Dense", ["right"], [(-1, 4)])
    assert found["add"] == ("Add", ["shared", "shared_1"], [(-1, 4)])
    assert found["lstm"] == ("LSTM", ["steps"], [(-1, 3)] * 3)
    assert found["sum"] == ("Add", ["lstm", "lstm:2"], [(-1, 3)])


def test_models_in_models_are_scopes():
    inner = kerax.Sequential([kerax.Input((4,), name="in"), layers.Dense(3, name="d")], name="inner")
    x = kerax.Input((4,), name="x")
    model = kerax.Model(x, layers.Dense(1, name="head")(inner(x)))
    assert nodes(model) == {
        "x": ("InputLayer", [], [(-1, 4)]),
        "inner/in": ("InputLayer", ["x"], [(-1, 4)]),
        "inner/d": ("Dense", ["inner/in"], [(-1, 3)]),
        "head": ("Dense", ["inner/d"], [(-1, 1)]),
    }


class Block(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.dense = layers.Dense(4, activation="relu", name="dense")
        self.norm = layers.LayerNormalization(name="norm")

    def call(self, x):
        return self.norm(self.dense(x)) + x


class Net(kerax.Model):
    """Known by its `call` alone: a block used twice, dropout, a branch on a tensor, a sum."""

    def __init__(self):
        super().__init__(name="net")
        self.block = Block(name="block")
        self.drop = layers.Dropout(0.5, name="drop")
        self.head = layers.Dense(2, name="head")

    def call(self, x, training=None):
        x = self.drop(self.block(self.block(x)), training=training)
        if ops.sum(x) > 0:
            x = x * 2
        return self.head(x)


def test_a_class_with_a_call_is_traced():
    model = Net()
    model(np.ones((3, 4), "float32"))
    losses, state = model.losses, [np.asarray(weight.value) for weight in model.variables]
    found = nodes(model)
    assert found["x"] == ("InputLayer", [], [(-1, 4)])
    assert found["block/dense"] == ("Dense", ["x"], [(-1, 4)])
    assert found["block/norm"] == ("LayerNormalization", ["block/dense"], [(-1, 4)])
    assert found["block/add"] == ("add", ["block/norm", "x"], [(-1, 4)])
    assert found["block_call2/dense"] == ("Dense", ["block/add"], [(-1, 4)])
    assert found["drop"] == ("Dropout", ["block_call2/add"], [(-1, 4)])
    assert found["cond"][2] == [(-1, 4)]
    assert "drop" in found["cond"][1]
    assert found["head"] == ("Dense", ["cond"], [(-1, 2)])
    assert model.losses == losses
    for before, weight in zip(state, model.variables):
        np.testing.assert_array_equal(before, np.asarray(weight.value))


class Tokens(kerax.Model):
    def __init__(self):
        super().__init__(name="tokens")
        self.table = layers.Embedding(10, 4, name="table")
        self.head = layers.Dense(2, name="head")

    def call(self, inputs):
        return {"words": self.head(self.table(inputs["ids"])), "rest": inputs["x"] * 2}


def test_structures_of_inputs_keep_their_names():
    model = Tokens()
    model({"ids": np.ones((3, 5), "int32"), "x": np.ones((3, 2), "float32")})
    found = nodes(model)
    assert found["inputs_ids"] == ("InputLayer", [], [(-1, 5)])
    assert found["table"] == ("Embedding", ["inputs_ids"], [(-1, 5, 4)])
    assert found["head"] == ("Dense", ["table"], [(-1, 5, 2)])
    assert found["mul"] == ("mul", ["inputs_x"], [(-1, 2)])


class Picks(kerax.Model):
    def __init__(self):
        super().__init__(name="picks")
        self.table = self.add_weight(shape=(10, 4), name="table")

    def call(self, ids):
        return self.table.value[ids]  # floats are no indices


def test_a_model_of_whole_numbers_is_traced_with_them():
    model = Picks()
    model(np.ones((3, 5), "int32"))
    found = nodes(model)
    assert found["ids"] == ("InputLayer", [], [(-1, 5)])
    assert len(found) > 1


def test_a_model_that_is_not_built():
    with pytest.raises(ValueError, match=r"The graph of Net 'net': got a model that is not built.*call it on a batch"):
        graph_def(Net())
