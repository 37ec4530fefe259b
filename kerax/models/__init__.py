"""Models: Model (functional or subclassed), Sequential, and copies of them."""

from .._registry import Registry
from ..saving import load_model, save_model
from ._clone import clone_model, model_from_json
from ._functional import Functional
from ._model import Model
from ._sequential import Sequential

registry = Registry("model", "models", [Functional, Model, Sequential])

__all__ = ["Functional", "Model", "Sequential", "clone_model", "load_model", "model_from_json", "save_model"]
