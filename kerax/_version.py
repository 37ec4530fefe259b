"""The version, read by the build and by `kerax.__version__`."""

__version__ = "0.1.0.dev0"
