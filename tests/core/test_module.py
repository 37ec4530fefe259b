"""Variables and modules: copies, pickles, and what NNX does not see."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
from flax import nnx

import kerax
from kerax._core.module import Module, Owned


class Holder(Module):
    book = Owned(lambda holder: [], pack=list, unpack=lambda holder, packed: [*packed, "unpacked"])
    own = Owned(lambda holder: {"of": id(holder)})

    def __init__(self):
        self.weight = kerax.Variable(np.ones(2), name="w")
        self.many = [
            kerax.Variable(np.zeros(1), name="b"),
            {"k": kerax.Variable(np.zeros(3), trainable=False, name="c")},
        ]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
@pytest.mark.parametrize("trainable", [True, False])
def test_copies_of_a_variable_are_of_its_kind_and_apart(copied, trainable):
    variable = kerax.Variable(np.ones(2), trainable=trainable, name="v")
    other = copied(variable)
    assert type(other) is type(variable)
    assert (other.name, other.path, other.trainable) == ("v", "v", trainable)
    other.assign([5.0, 6.0])
    np.testing.assert_array_equal(variable.numpy(), [1, 1])
    np.testing.assert_array_equal(other.numpy(), [5, 6])


def test_owned_values_stay_with_their_object():
    holder = Holder()
    holder.book.append(1)
    clone = nnx.clone(holder)
    assert (holder.book, clone.book) == ([1], [])
    assert holder.own["of"] == id(holder)
    assert clone.own["of"] == id(clone)
    graphdef, _ = nnx.split(holder, graph=True)
    assert "book" not in str(graphdef)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_owned_values_are_packed_for_copies(copied):
    holder = Holder()
    holder.book.append(1)
    other = copied(holder)
    assert other.book == [1, "unpacked"]
    assert other.own["of"] == id(other)
    assert [v.name for v in (other.weight, other.many[0], other.many[1]["k"])] == ["w", "b", "c"]


def test_shared_variables_stay_shared_in_a_copy():
    holder = Holder()
    holder.again = holder.weight
    other = copy.deepcopy(holder)
    assert other.again is other.weight
    assert other.weight is not holder.weight


def test_owned_values_that_point_back_do_not_keep_an_object_alive():
    holder = Holder()
    holder.own["me"] = holder
    clone = nnx.clone(holder)
    gone = weakref.ref(holder)
    del holder
    gc.collect()
    assert gone() is None
    assert clone.own == {"of": id(clone)}
