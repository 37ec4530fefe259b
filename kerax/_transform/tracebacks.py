"""Tracebacks that end at the user's line.

Frames of the machinery between the user's call and the user's code are left out; set JAX's
`jax_traceback_filtering` to "off" to see all of them.
"""

from __future__ import annotations

import os
import types

import jax

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_OURS = tuple(os.path.join(_PACKAGE, *part) for part in (("_transform", ""), ("_core", "stateful.py")))
_JAX = os.path.join(os.path.dirname(os.path.abspath(jax.__file__)), "")


def ends_at_user(error: BaseException) -> BaseException:
    """The same error; its traceback without frames of this package's machinery and of JAX."""
    if jax.config.jax_traceback_filtering == "off":
        return error
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    kept = [f for f in frames if not f.tb_frame.f_code.co_filename.startswith((*_OURS, _JAX))]
    if not kept:
        return error
    chain = None
    for frame in reversed(kept):
        chain = types.TracebackType(chain, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return error.with_traceback(chain)
