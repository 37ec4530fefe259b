"""Python's control flow on tensors: functions are rewritten by diastatic-malt to call operators kept here.

transpile   a function's source, rewritten; loaded under the user's file and lines
calls       what converted code calls: user code is converted in turn, libraries run as they are
branches    if, and, or, not, assert        loops   while, for
state       a block of code as a jaxpr over the variables it sets
host        loops over data, driven from the host
"""

from ..._core.context import flow
from .calls import LIBRARIES, artifact, convert, reason
from .loops import TensorRange

flow.convert = convert

__all__ = ["LIBRARIES", "TensorRange", "artifact", "convert", "reason"]
