"""Settings shared by all tests; they must be made before Keras or JAX is imported."""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Most of the time of the tests is compilation; their programs run once, and need not be fast.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import pytest

from tests import mlir_contexts


def pytest_configure():
    mlir_contexts.share()


@pytest.fixture(autouse=True)
def _fresh_names():
    from kerax._core import naming

    naming.reset()


@pytest.fixture
def rng():
    """NumPy's generator, seeded."""
    import numpy as np

    return np.random.default_rng(0)
