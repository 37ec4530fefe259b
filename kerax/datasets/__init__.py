"""The small data sets that tutorials begin with, read from Keras's cache folder or downloaded into it.

Signatures, splits, file names and formats are Keras's. Two things differ. A cached file is judged by what it
holds (arrays, shapes, dtypes, ranges), not by its checksum, so a repacked copy works; one that fails is named in the
error and left alone. And a download takes its place in the folder only after its published checksum was found right.
"""

from . import boston_housing, california_housing, cifar10, cifar100, fashion_mnist, imdb, mnist, reuters

__all__ = ["boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters"]
