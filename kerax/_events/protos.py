"""The messages of event files, from tensorboardX, loaded when the first one is made."""

from __future__ import annotations

import functools
import importlib
from types import SimpleNamespace

__all__ = ["protos"]

_MODULES = "api attr_value event graph node_def plugin_hparams plugin_text summary tensor tensor_shape types versions"


@functools.cache
def protos() -> SimpleNamespace:
    """The modules of messages, by short name: `protos().summary.Summary`."""
    found = {name: importlib.import_module(f"tensorboardX.proto.{name}_pb2") for name in _MODULES.split()}
    return SimpleNamespace(**found)
