"""RemoteMonitor: the logs of every epoch, sent to a server."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from .._types import Logs
from ._callback import Callback

__all__ = ["RemoteMonitor"]

PATIENCE = 10.0
"""Seconds after which a server that does not answer is given up."""


class RemoteMonitor(Callback):
    """Send the logs of every epoch to a server, in a POST. A server that cannot be reached is a warning.

    What is sent is a JSON object with `epoch` and the logs. Waits for the answer, ten seconds at most.

    Args:
        root: the server, `http://` or `https://`.
        path: what comes after it.
        field: the name of the form's field that holds the JSON.
        headers: more headers.
        send_as_json: send the JSON itself, as `application/json`.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        text = json.dumps({"epoch": epoch, **{name: _plain(value) for name, value in (logs or {}).items()}})
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body, kind = urllib.parse.urlencode({self.field: text}), "application/x-www-form-urlencoded"
        url = self.root + self.path
        request = urllib.request.Request(url, body.encode(), {"Content-Type": kind, **(self.headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE):
                pass
        except urllib.error.HTTPError as error:  # reached; what it thinks of it is its own matter
            error.close()
        except (OSError, http.client.HTTPException) as error:
            warnings.warn(f"RemoteMonitor: could not reach the server at {url} ({error}).", stacklevel=2)


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
