"""Older names of the helpers that prepare data."""

from . import sequence

__all__ = ["sequence"]
