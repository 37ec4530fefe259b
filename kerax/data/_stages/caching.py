"""cache on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..._errors import DataError
from .._element import each, locked
from .base import Kept, Pass, Stage, Stream

__all__ = ["FileCache"]


class FileCache(Kept):
    """The elements of the first whole pass in a file, which later runs of the program read too.

    The file holds arrays in NumPy's format and no pickles; next to it stands `<path>.index`, written last: without
    it the file is incomplete, and written anew.
    """

    def __init__(self, input: Stage, path: str) -> None:
        super().__init__(input)
        self.path = path
        self.first: Pass | None = None

    @property
    def index(self) -> str:
        """The file that says that all is there."""
        return f"{self.path}.index"

    def kept(self) -> Any:
        return None if self.first is None else {"base": self.first.base, "key": list(self.first.key)}

    def keep(self, kept: Any) -> None:
        self.first = None if kept is None else Pass(kept["base"], tuple(kept["key"]))

    def stream(self, run: Pass) -> Stream:
        if self.first is None:
            self.first = run
        return _FileCacheStream(self, self.first)


class _FileCacheStream(Stream):
    """Writes the file in a whole pass, or reads it.

    A place in a pass that writes is gone to by reading the pass again.
    """

    def __init__(self, stage: FileCache, run: Pass) -> None:
        super().__init__()
        self.stage, self.run = stage, run
        self.file: Any = None
        self._restart()

    def _restart(self) -> None:
        self.close()
        self.at = 0
        self.starts: list[int] | None = None  # of each element in the file
        self.form: Any = None
        if os.path.exists(self.stage.index):
            with open(self.stage.index, encoding="utf-8") as file:
                known = json.load(file)
            self.starts, self.form = known["starts"], known["form"]
            self.file = open(self.stage.path, "rb")
        else:
            self.written: list[int] = []
            self.children = (self.stage.input.stream(self.run),)

    def __next__(self) -> Any:
        if self.starts is not None:
            if self.at >= len(self.starts):
                raise StopIteration
            self.file.seek(self.starts[self.at])
            element = _filled(self.form, lambda kind: _read(self.file, kind))
        else:
            try:
                element = next(self.children[0])
            except StopIteration:
                self._finish()
                raise
            element = self._write(element)
        self.at += 1
        return element

    def _write(self, element: Any) -> Any:
        if self.file is None:
            os.makedirs(os.path.dirname(os.path.abspath(self.stage.path)), exist_ok=True)
            self.unfinished = f"{self.stage.path}.{os.getpid()}.part"
            self.file = open(self.unfinished, "wb")
        form = _form(element)
        if self.form is None:
            self.form = form
        elif form != self.form:
            raise DataError(
                "Dataset.cache", got=f"elements of different kinds, {form} after {self.form}", expected="one kind"
            )
        self.written.append(self.file.tell())
        each(lambda value: _put(self.file, value), element)
        return locked(element)

    def _finish(self) -> None:
        if self.file is None:  # nothing was cached: next time there may be something
            return
        self.file.close()
        self.file = None
        os.replace(self.unfinished, self.stage.path)
        with open(f"{self.unfinished}.index", "w", encoding="utf-8") as file:
            json.dump({"form": self.form, "starts": self.written}, file)
        os.replace(f"{self.unfinished}.index", self.stage.index)

    def get_state(self) -> Any:
        return self.at

    def set_state(self, state: Any) -> None:
        self._restart()
        if self.starts is not None:
            self.at = state
            return
        for _ in range(state):
            next(self)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
            if self.starts is None:
                os.remove(self.unfinished)
        self.file = None
        super().close()


def _form(element: Any) -> Any:
    """The structure of an element as JSON, with "array", "text", "bytes", "texts" or "none" for a leaf."""
    if isinstance(element, Mapping):
        return {"dict": [[key, _form(value)] for key, value in element.items()]}
    if isinstance(element, tuple):
        return {"tuple": [_form(value) for value in element]}
    if element is None:
        return "none"
    if isinstance(element, (str, bytes)):
        return "text" if isinstance(element, str) else "bytes"
    if hasattr(element, "_stage"):
        raise DataError("Dataset.cache", got="elements that are datasets", hint="flat_map before it")
    return "texts" if np.asarray(element).dtype.kind in "SUOT" else "array"


def _filled(form: Any, leaf: Any) -> Any:
    if isinstance(form, dict) and "dict" in form:
        return {key: _filled(value, leaf) for key, value in form["dict"]}
    if isinstance(form, dict):
        return tuple(_filled(value, leaf) for value in form["tuple"])
    return leaf(form)


def _put(file: Any, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, (str, bytes)):
        value = np.frombuffer(value.encode() if isinstance(value, str) else value, np.uint8)
    array = np.asarray(value)
    if array.dtype.kind in "SUOT":
        texts = json.dumps([text.decode() if isinstance(text, bytes) else str(text) for text in array.ravel().tolist()])
        np.lib.format.write_array(file, np.asarray(array.shape, np.int64), allow_pickle=False)
        array = np.frombuffer(texts.encode(), np.uint8)
    np.lib.format.write_array(file, array, allow_pickle=False)


def _read(file: Any, kind: str) -> Any:
    if kind == "none":
        return None
    array = np.lib.format.read_array(file, allow_pickle=False)
    if kind == "texts":
        flat = json.loads(np.lib.format.read_array(file, allow_pickle=False).tobytes().decode())
        texts = np.empty(len(flat), object)
        texts[:] = flat
        return locked(texts.reshape(array))
    if kind == "array":
        return locked(array) if array.ndim else array[()]
    return array.tobytes().decode() if kind == "text" else array.tobytes()
