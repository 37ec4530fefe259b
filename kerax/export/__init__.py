"""Models as programs that run without their code: in JAX alone, or converted by TensorFlow and ONNX tools."""

from .._exported import Endpoint, ExportedModel, load
from ._archive import ExportArchive
from ._model import export_model

__all__ = ["Endpoint", "ExportArchive", "ExportedModel", "export_model", "load"]
