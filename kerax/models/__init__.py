"""Models: Model (functional or subclassed), Sequential, and copies of them."""

from .._registry import Registry
from ._functional import Functional
from ._model import Model, _functional
from ._sequential import Sequential
from ._clone import clone_model, model_from_json

_functional.append(Functional)
registry = Registry("model", "models", [Model, Sequential])

__all__ = ["Functional", "Model", "Sequential", "clone_model", "model_from_json"]
