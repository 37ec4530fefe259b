"""The layout guards itself: imports point down, nothing heavy is imported early, no import hides in a function."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kerax

ROOT = Path(kerax.__file__).parent

# Bottom first: a part imports only what stands before it, and its own files. Parts on one line are side by side.
ORDER = """
_version _errors _types _deprecation
_host
_registry
config
tree
_core
_serial
dtype_policies
_graph
ops
random
_transform
distribution
initializers
activations regularizers constraints
data
_exported
layers
losses
metrics
optimizers
saving
export
checkpoint
_inspect
_events
summary
callbacks
_trainer
models
datasets
applications
wrappers
tuner
utils
backend mixed_precision preprocessing
compat
_cli
__main__ __init__
"""
RANK = {part: rank for rank, line in enumerate(ORDER.split("\n")) for part in line.split()}
# Downward, but late: heavy parts that only their users should pay for.
LATE = {"_inspect", "config", "_host"}
FILES = sorted(path for path in ROOT.rglob("*.py"))
ids = [str(path.relative_to(ROOT)) for path in FILES]


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(path: Path, node: ast.AST) -> list[str]:
    """The parts of kerax that an import statement names."""
    if isinstance(node, ast.Import):
        names = [alias.name.split(".") for alias in node.names]
        return [name[1] for name in names if name[0] == "kerax" and len(name) > 1]
    if not isinstance(node, ast.ImportFrom):
        return []
    if node.level == 0:
        parts = (node.module or "").split(".")
        return parts[1:2] if parts[0] == "kerax" else []
    package = list(path.relative_to(ROOT).parts[:-1])
    base = package[: len(package) - (node.level - 1)]
    full = base + ((node.module or "").split(".") if node.module else [])
    if full:
        return [full[0]]
    return [alias.name if alias.name in RANK else "__init__" for alias in node.names]


def guarded(tree: ast.Module) -> set[ast.AST]:
    """What only type checkers read."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            found.update(inner for statement in node.body for inner in ast.walk(statement))
    return found


def test_every_part_has_its_place_in_the_order():
    parts = {part_of(path) for path in FILES}
    assert sorted(parts - set(RANK)) == [], "give it a line in ORDER, here and in CONTRIBUTING.md"


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_imports_point_down(path):
    tree = ast.parse(path.read_text())
    skipped = guarded(tree)
    me = part_of(path)
    above = {
        name
        for node in ast.walk(tree)
        if node not in skipped
        for name in imported(path, node)
        if RANK.get(name, -1) > RANK[me] or (RANK.get(name) == RANK[me] and name != me)
    }
    assert not above, f"it imports {sorted(above)}, which the layout lists after it; declare a hook instead"


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_no_import_of_kerax_hides_in_a_function(path):
    tree = ast.parse(path.read_text())
    skipped = guarded(tree)
    hidden = [
        ast.unparse(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for node in ast.walk(function)
        if node not in skipped and imported(path, node) and not set(imported(path, node)) <= LATE
    ]
    assert not hidden, f"{hidden}: an import in a function hides a knot"


def test_importing_kerax_loads_nothing_heavy():
    heavy = ["grain", "h5py", "matplotlib", "orbax.checkpoint", "pandas", "PIL", "rich.table", "tensorboardX", "keras"]
    code = (
        f"import sys, jax, flax.nnx, optax; before = set(sys.modules); import kerax\n"
        f"print([m for m in {heavy!r} if m in sys.modules and m not in before])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert out.stdout.strip() == "[]"
