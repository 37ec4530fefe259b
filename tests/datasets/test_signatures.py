"""The loaders can be called as Keras's can."""

import importlib
import inspect
import subprocess
import sys

import pytest

from kerax import datasets


@pytest.mark.parametrize("name", datasets.__all__)
def test_the_functions_and_their_arguments_are_those_of_keras(name, oracle, tmp_path):
    ours = getattr(datasets, name)
    public = importlib.import_module(f"keras.datasets.{name}")
    functions = sorted(key for key in vars(public) if not key.startswith("_"))
    assert sorted(ours.__all__) == functions
    for function in functions:
        arguments, expected = (inspect.signature(getattr(module, function)).parameters for module in (ours, public))
        assert [(p.name, p.default, p.kind) for p in arguments.values()] == [
            (p.name, p.default, p.kind) for p in expected.values()
        ]


def test_loading_needs_numpy_and_the_standard_library_only():
    """Whatever `import kerax` itself loads, a data set adds nothing to it."""
    code = """
import sys
import kerax
before = set(sys.modules)
import kerax.datasets
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(roots - set(sys.stdlib_module_names) - {"kerax", "numpy"}))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
