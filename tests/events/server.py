"""A real TensorBoard server on a folder, asked over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 60.0


class Server:
    """What a running server answers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def raw(self, path: str, body: dict | None = None, **query: object) -> bytes:
        """The answer as bytes."""
        text = urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}{'?' + text if text else ''}", data)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    def ask(self, path: str, body: dict | None = None, **query: object):
        """The answer, read as JSON."""
        return json.loads(self.raw(path, body, **query))

    def plugin(self, path: str, body: dict | None = None, **query: object):
        """The same, of a plugin."""
        return self.ask(f"/data/plugin/{path}", body, **query)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server on what stands in the folder by now; it is gone when the block ends."""
    pytest.importorskip("tensorboard")
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", folder.name, "--port", "0", "--host", "127.0.0.1"]
    command += ["--load_fast=false", "--reload_interval=0", "--samples_per_plugin", "images=20"]
    log = folder.parent / "server.log"
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd=folder.parent) as process:
        try:
            yield Server(_address(process, log))
        finally:
            process.kill()


def _address(process: subprocess.Popen, log: Path) -> str:
    """Where it listens, which it says once it has chosen a port and read the folder."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        words = [word for word in log.read_text().split() if word.startswith("http://")]
        if words:
            url = words[0].rstrip("/")
            if _loaded(url):
                return url
        time.sleep(0.1)
    raise AssertionError(f"TensorBoard did not start:\n{log.read_text()}")


def _loaded(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/data/runs", timeout=PATIENCE) as answer:
        return bool(json.loads(answer.read()))
