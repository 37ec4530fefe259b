"""Programs that `export` wrote, read and run without the code of the model."""

from .program import Endpoint, ExportedModel, load
from .structure import Spec

__all__ = ["Endpoint", "ExportedModel", "Spec", "load"]
