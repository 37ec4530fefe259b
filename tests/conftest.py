"""Settings shared by all tests; they must be made before Keras or JAX is imported."""

import os
import sys
from importlib.metadata import version

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Most of the time of the tests is compilation; their programs run once, and need not be fast.
# One of the flags is that of jaxlib 0.10 alone: later ones end where they meet it.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0"
    + (" --xla_cpu_use_fusion_emitters=false" if version("jaxlib").startswith("0.10.") else ""),
)

import pytest

from tests import mlir_contexts


def pytest_configure():
    mlir_contexts.share()


FIRST = ("tests/examples/", "tests/checkpoint/", "tests/docs/")
"""Where a test runs whole trainings, in processes of their own: at the end they would leave a core without work."""


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.fixture(autouse=True)
def _fresh_start():
    """Automatic names count from the start, and what has no seed repeats, in Keras too: whatever ran before."""
    import kerax

    kerax.utils.clear_session()
    kerax.utils.set_random_seed(0)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session(free_memory=False)


@pytest.fixture
def rng():
    """NumPy's generator, seeded."""
    import numpy as np

    return np.random.default_rng(0)
