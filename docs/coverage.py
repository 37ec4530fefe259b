"""Writes docs/api_coverage.md: for each module of Keras its names, those kerax has, and those tested against Keras.

python docs/coverage.py
"""

from __future__ import annotations

import ast
import os
import re
import sys
import types
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402

import kerax  # noqa: E402
from tests.parity import exceptions, surface  # noqa: E402

TARGET = ROOT / "docs" / "api_coverage.md"
HEAD = """# What of Keras is here

Written by `make coverage`; a test fails when it is out of date. Keras {version}, name by name:

- **here**: kerax has the name. The signatures of all of these are compared with Keras's
  (`tests/parity/test_surface.py`); where one differs, `tests/parity/exceptions.py` says why.
- **against Keras**: a test, or the table of cases it goes through, names it and asks Keras for the expected
  numbers, shapes, configs or errors.

| module | names in Keras | here | against Keras |
|---|---:|---:|---:|
"""


def tested_names() -> set[str]:
    """Every identifier and word in the tests that ask Keras, and in the tables and fixtures they use."""
    files = {path: path.read_text() for path in (ROOT / "tests").rglob("*.py")}
    asking = {path for path, text in files.items() if re.search(r"^\s*(import keras$|from keras\b)", text, re.M)}
    tables = {"cases.py", "conftest.py", "layer_cases.py", "graphs.py", "battery.py"}
    folders = {path.parent for path in asking} | {ROOT / "tests" / "contract"}
    words: set[str] = set()
    for path, text in files.items():
        surveys = path.name in ("surface.py", "exceptions.py", "test_surface.py", "test_coverage.py")
        if surveys or (path not in asking and not (path.name in tables and path.parent in folders)):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute):
                words.add(node.attr)
            elif isinstance(node, ast.Name):
                words.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.update(node.value.split())
    return words


def whole_families() -> set[str]:
    """Modules whose tests go through every name of Keras's by themselves."""
    return {"activations", "initializers"}


def table() -> str:
    """The text of the page."""
    words = tested_names()
    lines, total = [], [0, 0, 0]
    reasons = {name: reason for reason, names in exceptions.MISSING.items() for name in names}
    for path, names in sorted(surface.modules().items()):
        if path in reasons or any(path.startswith(f"{name}.") for name in reasons):
            continue
        ours = surface.resolve(kerax, path)
        theirs = surface.resolve(keras, path)
        here = [name for name in names if ours is not None and surface.resolve(ours, name) is not None]
        tested = [
            name
            for name in here
            if name in words
            or path in whole_families()
            or isinstance(getattr(theirs, name), types.ModuleType)
            or any(getattr(theirs, other) is getattr(theirs, name) and other in words for other in names)
        ]
        counts = [len(names), len(here), len(tested)]
        total = [a + b for a, b in zip(total, counts, strict=True)]
        lines.append(f"| `{f'keras.{path}'.rstrip('.')}` | {counts[0]} | {counts[1]} | {counts[2]} |\n")
    lines.append(f"| all | {total[0]} | {total[1]} | {total[2]} |\n")
    missing = ["\n## What is not here, and why\n\n"]
    for reason, names in exceptions.MISSING.items():
        missing.append(f"- {reason}: {', '.join(f'`{name}`' for name in names)}\n")
    return HEAD.format(version=keras.__version__) + "".join(lines) + "".join(missing)


if __name__ == "__main__":
    TARGET.write_text(table())
    print(f"Wrote {TARGET.relative_to(ROOT)}")
