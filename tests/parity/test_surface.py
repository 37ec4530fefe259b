"""The names and signatures of Keras: what kerax lacks stands in `exceptions.py`, with a reason."""

from __future__ import annotations

import inspect

import pytest

import kerax
from tests.parity import exceptions, surface


def listed(table: dict[str, list[str]]) -> list[str]:
    return [name for names in table.values() for name in names]


def dotted(table: dict[str, list[str]]) -> set[str]:
    return {f"{path}.{name}".lstrip(".") for path, names in table.items() for name in names}


def test_every_name_of_keras_is_here_or_has_a_reason():
    assert sorted(dotted(surface.missing()) - set(listed(exceptions.MISSING))) == [], "add the name, or a reason"


def test_no_name_that_is_here_is_listed_as_missing():
    assert sorted(set(listed(exceptions.MISSING)) - dotted(surface.missing())) == [], "take it off exceptions.py"


@pytest.mark.parametrize("table", [exceptions.MISSING, exceptions.SIGNATURES], ids=["missing", "signatures"])
def test_every_exception_stands_once_and_has_a_reason(table):
    names = listed(table)
    assert len(names) == len(set(names))
    assert all(len(reason.split()) > 1 for reason in table)


def plain(parameter):
    """One number stands for one per axis: a default of (2, 2) is a default of 2."""
    name, star, default = parameter
    if isinstance(default, tuple) and default and len(set(default)) == 1:
        default = default[0]
    return name, star, "nan" if default != default else default


def differs(theirs, ours) -> str | None:
    """What of Keras's signature ours does not have; None where it has all, in order."""
    theirs, ours = surface.parameters(theirs), surface.parameters(ours)
    if theirs is None or ours is None:
        return None
    theirs, ours = [plain(p) for p in theirs], [plain(p) for p in ours]
    extra = ours[len(theirs) :]
    if ours[: len(theirs)] != theirs:
        return f"Keras has {theirs}, kerax {ours}"
    needed = [name for name, star, default in extra if default is inspect.Parameter.empty and not star]
    return f"Keras does not ask for {needed}" if needed else None


def test_every_signature_is_that_of_keras_or_has_a_reason():
    different = {name: text for name, theirs, ours in surface.pairs() if (text := differs(theirs, ours))}
    unexplained = {name: text for name, text in different.items() if name not in listed(exceptions.SIGNATURES)}
    assert unexplained == {}, "follow Keras, or give a reason in exceptions.py"
    assert sorted(set(listed(exceptions.SIGNATURES)) - set(different)) == [], "take it off exceptions.py"


def test_most_of_keras_was_compared():
    assert len(surface.pairs()) > 700


def test_classes_are_classes_and_functions_are_called():
    kinds = [(name, inspect.isclass(theirs), inspect.isclass(ours)) for name, theirs, ours in surface.pairs()]
    # Keras's scopes are classes; a context manager written as a generator is a function.
    scopes = {"device", "name_scope", "saving.CustomObjectScope"}
    assert [name for name, theirs, ours in kinds if theirs != ours and name not in scopes] == []


def test_what_a_method_of_a_layer_is_called_is_what_keras_calls_it():
    """The methods that code written for Keras overrides or calls, with their arguments."""
    import keras

    names = [
        "add_weight add_loss build call compute_mask compute_output_shape compute_output_spec count_params from_config "
        "get_build_config build_from_config get_config get_weights set_weights stateless_call save_own_variables "
        "load_own_variables"
    ][0].split()
    assert [name for name in names if not hasattr(kerax.layers.Layer, name)] == []
    for name in ("build_from_config", "compute_mask", "count_params", "get_config", "get_weights", "set_weights"):
        theirs, ours = (inspect.signature(getattr(lib.layers.Layer, name)) for lib in (keras, kerax))
        assert list(ours.parameters) == list(theirs.parameters), name
