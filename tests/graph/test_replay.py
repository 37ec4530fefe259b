"""Plans: the order of calls, and plans as data."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import kerax
from kerax import layers
from kerax._errors import GraphError
from kerax._graph.node import Node, OpCall
from kerax._graph.replay import Plan, Recipe


def diamond():
    x = kerax.Input((2,), name="x")
    left, right = layers.Dense(3, name="left")(x), layers.Dense(3, name="right")(x)
    return x, [layers.Add(name="sum")([left, right]), left * 2.0]


def test_layers_come_by_depth_then_by_discovery():
    plan = Plan(*diamond())
    assert plan.names == ["x", "left", "right", "sum", "multiply"]


def test_a_recipe_makes_the_same_plan_of_other_layers():
    x, outputs = diamond()
    plan = Plan(x, outputs)
    others = {layer.name: type(layer).from_config(layer.get_config()) for layer in plan.layers()}
    again = pickle.loads(pickle.dumps(Recipe(plan))).plan(others)
    assert again.names == plan.names
    assert [tensor.shape for tensor in again.output_tensors] == [tensor.shape for tensor in plan.output_tensors]
    assert all(node.operation is others.get(node.operation.name, node.operation) for node in again.nodes)
    feed = np.ones((1, 2), "float32")
    assert [out.shape for out in again.run(others, [feed])] == [(1, 3), (1, 3)]


def test_inputs_that_nothing_depends_on_stay_in_a_recipe():
    x, spare = kerax.Input((2,), name="x"), kerax.Input((2,), name="spare")
    plan = Plan([x, spare], x + 1)
    layers_ = {layer.name: layer for layer in plan.layers()}
    assert sorted(Recipe(plan).plan(layers_).names) == sorted(plan.names) == ["add", "spare", "x"]


def test_only_calls_between_inputs_and_outputs_run():
    x = kerax.Input((2,))
    h = layers.Dense(3)(x)
    layers.Dense(7)(h)
    assert len(Plan(x, h).steps) == 1


def test_a_tensor_from_nowhere_is_refused():
    x = kerax.Input((2,))
    with pytest.raises(GraphError, match="comes from nowhere"):
        Plan(x, kerax.KerasTensor((None, 2)))


def test_a_thousand_calls_meet_no_recursion_limit():
    x = y = kerax.Input((1,))
    for _ in range(1500):
        call = OpCall(kerax.ops.negative)
        out = kerax.KerasTensor((None, 1))
        Node(call, (y,), {}, out, call.calls)
        y = out
    plan = Plan(x, y)
    assert float(plan.run({}, [np.ones((1, 1))])[0, 0]) == 1.0
    layers_ = {layer.name: layer for layer in plan.layers()}
    assert len(pickle.loads(pickle.dumps(Recipe(plan))).plan(layers_).steps) == 1500
