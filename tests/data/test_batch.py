import numpy as np
import pytest

from kerax._errors import DataError
from kerax.data._adapters import pack_x_y_sample_weight, unpack_x_y_sample_weight


@pytest.mark.parametrize("data", [1, (1,), (1, 2), (1, 2, 3), [1], [1, 2], [1, 2, 3], {"a": 1}, None, ((1, 2),)])
def test_unpacking_agrees_with_keras(data):
    import keras

    assert unpack_x_y_sample_weight(data) == keras.utils.unpack_x_y_sample_weight(data)


@pytest.mark.parametrize("data", [(), [], (1, 2, 3, 4), [1, 2, 3, 4]])
def test_what_is_no_batch_is_named(data):
    with pytest.raises(DataError, match=rf"got a {type(data).__name__} of {len(data)} items"):
        unpack_x_y_sample_weight(data)


@pytest.mark.parametrize(
    "parts", [(1,), ([1, 2],), ((1, 2),), ({"a": 1},), (1, 2), (1, 2, 3), (1, None, 3), (1, None, None)]
)
def test_packing_agrees_with_keras(parts):
    import keras

    assert pack_x_y_sample_weight(*parts) == keras.utils.pack_x_y_sample_weight(*parts)


def test_packing_keeps_arrays_as_they_are():
    x = np.ones(2)
    assert pack_x_y_sample_weight(x) is x
