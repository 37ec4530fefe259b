"""The contract battery over the table of layers."""

from __future__ import annotations

import inspect

import pytest

import kerax.layers
from tests.contract.battery import (
    CHECKS,
    check_fit,
    check_half_precision,
    check_masks,
    check_mixed_precision,
    check_no_tracing,
    check_transforms,
)
from tests.contract.layer_cases import CASES

pytestmark = pytest.mark.slow

ONCE_A_CLASS = (
    check_fit,
    check_half_precision,
    check_mixed_precision,
    check_no_tracing,
    check_transforms,
)
# Bases, and layers tested where their own kind of input is at hand.
ELSEWHERE = {
    "AugMix": "tests/layers/preprocessing/image/test_policies.py",
    "ExportedLayer": "tests/export",
    "FlaxLayer": "tests/layers/test_foreign.py",
    "HashedCrossing": "tests/layers/test_hashing.py",
    "Hashing": "tests/layers/test_hashing.py",
    "InputLayer": "tests/models",
    "InputSpec": "tests/layers",
    "IntegerLookup": "tests/layers/test_lookup.py",
    "JaxLayer": "tests/layers/test_foreign.py",
    "Lambda": "tests/layers/test_behaviour.py",
    "Layer": "tests/layers",
    "MixUp": "tests/layers/preprocessing/image/test_policies.py",
    "NNXLayer": "tests/layers/test_foreign.py",
    "RandAugment": "tests/layers/preprocessing/image/test_policies.py",
    "StringLookup": "tests/layers/test_lookup.py",
    "TextVectorization": "tests/layers/test_text_vectorization.py",
    "Wrapper": "tests/layers/test_behaviour.py",
}


def rows():
    """Every check for every row; those that say the same for each row of a class, for the first one."""
    seen = set()
    for case in CASES:
        for check in CHECKS:
            if check in ONCE_A_CLASS and case.cls in seen:
                continue
            if check is check_masks and case.mask is None:
                continue
            yield pytest.param(case, check, id=f"{case.name}-{check.__name__}")
        seen.add(case.cls)


@pytest.mark.parametrize(("case", "check"), list(rows()))
def test_every_layer_keeps_the_contract(case, check):
    check(case)


def test_every_public_layer_has_a_row():
    rows = {case.cls for case in CASES} | set(ELSEWHERE)
    classes = {obj.__name__ for name in kerax.layers.__all__ if inspect.isclass(obj := getattr(kerax.layers, name))}
    assert not classes - rows, "add a row to layer_cases.py"
    assert not {case.cls for case in CASES} - set(kerax.layers.__all__)
