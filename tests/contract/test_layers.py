"""The contract battery over the table of layers."""

from __future__ import annotations

import inspect

import pytest

import kerax.layers

from tests.contract.battery import CHECKS
from tests.contract.layer_cases import CASES

# Bases, and layers tested where their own kind of input is at hand.
ELSEWHERE = {
    "FlaxLayer": "tests/layers/test_foreign.py",
    "InputLayer": "tests/models",
    "InputSpec": "tests/layers",
    "JaxLayer": "tests/layers/test_foreign.py",
    "Lambda": "tests/layers/test_behaviour.py",
    "Layer": "tests/layers",
    "NNXLayer": "tests/layers/test_foreign.py",
    "Wrapper": "tests/layers/test_behaviour.py",
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("case", [c for c in CASES if hasattr(kerax.layers, c.cls)], ids=lambda case: case.name)
def test_every_layer_keeps_the_contract(case, check):
    check(case)


def test_every_public_layer_has_a_row():
    rows = {case.cls for case in CASES} | set(ELSEWHERE)
    classes = {
        obj.__name__ for name in kerax.layers.__all__ if inspect.isclass(obj := getattr(kerax.layers, name))
    }
    assert not classes - rows, "add a row to layer_cases.py"
    assert not {case.cls for case in CASES} - set(kerax.layers.__all__)


def test_public_names_are_sorted_and_exist():
    assert kerax.layers.__all__ == sorted(kerax.layers.__all__)
    assert all(hasattr(kerax.layers, name) for name in kerax.layers.__all__)
