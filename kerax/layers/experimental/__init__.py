"""Where TensorFlow 2.3 to 2.5 kept the preprocessing layers."""

from . import preprocessing

__all__ = ["preprocessing"]
