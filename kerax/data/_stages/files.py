"""Lines of text files."""

from __future__ import annotations

import gzip
import os
import zlib
from typing import Any

from ..._errors import ArgumentError
from ..._transform.spec import TensorSpec
from .base import UNKNOWN, Pass, Stage, Stream

__all__ = ["Lines"]


class Lines(Stage):
    """The lines of text files, without their ends; UTF-8.

    Args:
        paths: the files, in order.
        compression: "", "GZIP" or "ZLIB".
    """

    def __init__(self, paths: list[str], compression: str | None) -> None:
        super().__init__()
        if compression not in (None, "", "GZIP", "ZLIB"):
            raise ArgumentError(
                "TextLineDataset: compression_type", got=repr(compression), expected='"", "GZIP" or "ZLIB"'
            )
        self.paths, self.compression = paths, compression

    def cardinality(self) -> int:
        return UNKNOWN

    def spec(self) -> Any:
        return TensorSpec((), "string")

    def stream(self, run: Pass) -> Stream:
        return _LineStream(self)

    def opened(self, path: str) -> Any:
        """A file of bytes, decompressed."""
        if self.compression == "GZIP":
            return gzip.open(path, "rb")
        if self.compression == "ZLIB":
            return _Inflated(path)
        return open(path, "rb")


class _Inflated:
    """The lines of a file compressed by zlib, which is read as a whole."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            self.data = zlib.decompress(file.read())
        self.at = 0

    def readline(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        line = self.data[self.at :] if end < 0 else self.data[self.at : end + 1]
        self.at += len(line)
        return line

    def tell(self) -> int:
        return self.at

    def seek(self, at: int) -> None:
        self.at = at

    def close(self) -> None:
        self.data = b""


class _LineStream(Stream):
    """A place is a file and a byte in it."""

    def __init__(self, stage: Lines) -> None:
        super().__init__()
        self.stage = stage
        self.number, self.line = 0, 0
        self.file: Any = None

    def __next__(self) -> Any:
        while self.number < len(self.stage.paths):
            if self.file is None:
                self.file, self.line = self.stage.opened(self.stage.paths[self.number]), 0
            line = self.file.readline()
            if line:
                self.line += 1
                return self._text(line.removesuffix(b"\n").removesuffix(b"\r"))
            self.close()
            self.number += 1
        raise StopIteration

    def _text(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            path = os.fspath(self.stage.paths[self.number])
            error.add_note(f"in line {self.line} of {path}")
            raise

    def get_state(self) -> Any:
        return {"file": self.number, "byte": 0 if self.file is None else self.file.tell(), "line": self.line}

    def set_state(self, state: Any) -> None:
        self.close()
        self.number = state["file"]
        if state["byte"]:
            self.file = self.stage.opened(self.stage.paths[self.number])
            self.file.seek(state["byte"])
        self.line = state["line"] if state["byte"] else 0

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
        self.file = None
