"""Models as programs that run without their code: in JAX alone, or converted by TensorFlow and ONNX tools."""

from .._exported import Endpoint, ExportedModel
from ._archive import ExportArchive
from ._model import export_model
from ._text import TextEndpoint, load

__all__ = ["Endpoint", "ExportArchive", "ExportedModel", "TextEndpoint", "export_model", "load"]
