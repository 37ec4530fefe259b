"""What Keras shows to a model: the oracle of the data tests."""

import numpy as np
import pytest


@pytest.fixture
def keras_batches():
    """A function (x, **fit arguments) -> the (x, y, sample_weight) that Keras hands to the loss, batch by batch."""
    import keras

    class Watched(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale = self.add_weight(shape=(), initializer="ones")
            self.seen = []

        def call(self, x):
            leaf = keras.tree.flatten(x)[0]
            return self.scale * keras.ops.reshape(keras.ops.cast(leaf, "float32"), (-1, 1))

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            self.seen.append(
                keras.tree.map_structure(lambda a: a if a is None else np.asarray(a), (x, y, sample_weight))
            )
            return keras.ops.mean(y_pred)

    def run(x, y=None, **arguments):
        model = Watched()
        model.compile("sgd", run_eagerly=True)
        model.fit(x, y, verbose=0, **arguments)
        return model.seen

    return run
