"""Older home of the preprocessing layers."""

from . import preprocessing

__all__ = ["preprocessing"]
