"""What feeds a model: arrays, generators, PyDataset, and datasets of other libraries."""

__all__: list[str] = []
