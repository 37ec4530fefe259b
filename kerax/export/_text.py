"""Programs of models that take or give text: what works on text runs beside the program, in NumPy."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import IO, Any

from .. import _exported, saving, tree
from .._exported import Endpoint, ExportedModel
from .._exported.artifact import Artifact
from .._types import PathLike

SIDES = ("before", "after")


class TextEndpoint:
    """A program and the parts of its model that work on text.

    Args:
        program: what runs on the device.
        before: the model that makes the program's tensors; None where the inputs are numbers.
        after: the model that makes the outputs; None where the program's are the outputs.
    """

    def __init__(self, program: Endpoint, before: Any = None, after: Any = None) -> None:
        self.name = program.name
        self.program, self.before, self.after = program, before, after

    def __call__(self, *args: Any) -> Any:
        """The outputs for these inputs: lists, dicts and arrays of text or numbers, as the model took them."""
        inputs = args[0] if len(args) == 1 else list(args)
        tensors = tree.flatten(inputs if self.before is None else self.before(inputs))
        outputs = self.program(tensors[0] if len(tensors) == 1 else tensors)
        return outputs if self.after is None else self.after(outputs)

    def __repr__(self) -> str:
        return " -> ".join(repr(part) for part in (self.before, self.program, self.after) if part is not None)


def write_model(model: Any, file: IO[bytes]) -> None:
    """Write a model as `.keras` into an open file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.keras"
        saving.save_model(model, path, include_optimizer=False)
        with open(path, "rb") as written:
            shutil.copyfileobj(written, file)


def load(filepath: PathLike) -> ExportedModel:
    """What `export` wrote, ready to run: the model's code is not needed, nor its layers but those on text.

    Args:
        filepath: the directory.

    Returns:
        An object whose endpoints are functions: `load("m").serve(x)`.

    Raises:
        FileNotFoundError: there is none.
        DataError: something else, a damaged, hostile or too new one.
        ArgumentError: a layer on text that is not known.
    """
    return _exported.load(filepath, _with_text)


def _with_text(artifact: Artifact, about: dict[str, Any], program: Endpoint) -> Any:
    sides: dict[str, Any] = {}
    for side in SIDES:
        if side in about:
            with artifact.opened(artifact.entry(about, side, str)) as file:
                sides[side] = saving.load_model(file.name, compile=False)
    return TextEndpoint(program, **sides) if sides else program
