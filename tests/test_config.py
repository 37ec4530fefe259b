"""Settings and small helpers of the top level, against Keras's."""

from __future__ import annotations

import logging

import keras
import numpy as np
import pytest

import kerax
from kerax import backend, config, dtype_policies


@pytest.mark.parametrize(
    "dtypes",
    [("int8", float), ("float16", "bfloat16"), (), (int,), ("int32", "uint32"), (bool, "int8"), ("float16", None)]
    + [("bfloat16", int), ("int8", "uint8"), (float, int), ("bool",), (int, "bool"), ("int64", "float32")],
)
def test_result_types_are_those_of_keras(dtypes):
    assert backend.result_type(*dtypes) == keras.backend.result_type(*dtypes)


def test_kinds_of_dtypes_are_those_of_keras():
    for dtype in ("float16", "bfloat16", "float8_e4m3fn", "int8", "uint8", "bool", "complex64", None, "string"):
        assert backend.is_float_dtype(dtype) == keras.backend.is_float_dtype(dtype)
        assert backend.is_int_dtype(dtype) == keras.backend.is_int_dtype(dtype)


def test_the_global_policy_is_set_here_too():
    try:
        config.set_dtype_policy("mixed_bfloat16")
        assert config.dtype_policy().name == dtype_policies.dtype_policy().name == "mixed_bfloat16"
        assert kerax.layers.Dense(1).compute_dtype == "bfloat16"
    finally:
        config.set_dtype_policy(None)
    assert config.dtype_policy() == kerax.FloatDTypePolicy("float32")


def test_there_is_one_backend():
    config.set_backend("jax")
    with pytest.raises(ValueError, match="'torch'.*'jax'"):
        config.set_backend("torch")


@pytest.fixture
def _settings_restored():
    config.floatx()  # read the user's file first
    before = dict(config._settings)
    yield
    config._settings.clear()
    config._settings.update(before)
    config.enable_traceback_filtering()


@pytest.mark.usefixtures("_settings_restored")
def test_flash_attention_changes_no_number_where_there_is_no_fused_kernel():
    x = np.random.default_rng(0).normal(size=(1, 3, 2, 4)).astype("float16")
    before = kerax.ops.dot_product_attention(x, x, x)
    assert config.is_flash_attention_enabled() is None
    config.enable_flash_attention()
    assert config.is_flash_attention_enabled() is True
    np.testing.assert_array_equal(kerax.ops.dot_product_attention(x, x, x), before)
    config.disable_flash_attention()
    assert config.is_flash_attention_enabled() is False


@pytest.mark.usefixtures("_settings_restored")
def test_progress_goes_to_the_log_when_nobody_looks(capsys, caplog):
    config.disable_interactive_logging()
    assert not kerax.utils.is_interactive_logging_enabled()
    with caplog.at_level(logging.INFO, "kerax"):
        kerax.utils.Progbar(2).update(2, [("loss", 1.0)])
    assert capsys.readouterr().out == ""
    assert "loss: 1.0" in caplog.text
    kerax.utils.enable_interactive_logging()
    kerax.utils.Progbar(2).update(2, [("loss", 1.0)])
    assert "loss: 1.0" in capsys.readouterr().out


@pytest.mark.usefixtures("_settings_restored")
def test_traceback_filtering_is_jax_s():
    config.disable_traceback_filtering()
    assert not config.is_traceback_filtering_enabled()
    config.enable_traceback_filtering()
    assert config.is_traceback_filtering_enabled()


def test_device_places_arrays_and_names_what_is_not_there():
    with kerax.device("cpu:0") as device:
        assert kerax.ops.ones(2).devices() == {device}
    for name, words in (("cpu:99", "cpu:99.*cpu:0"), (3, "'gpu:0'")):
        with pytest.raises(ValueError, match=words), kerax.device(name):
            pass
    assert kerax.distribution.get_device_count("cpu") == keras.distribution.get_device_count("cpu")


def test_a_layout_spreads_an_array_over_a_mesh():
    mesh = kerax.distribution.DeviceMesh((1,), ["batch"], ["cpu:0"])
    layout = kerax.distribution.TensorLayout(("batch", None), mesh)
    assert kerax.distribution.distribute_tensor(np.ones((2, 2)), layout).sharding == layout.backend_layout
    with pytest.raises(ValueError, match="model.*batch"):
        kerax.distribution.TensorLayout(("model",), mesh)
    with pytest.raises(RuntimeError, match="no device mesh"):
        _ = kerax.distribution.TensorLayout(("batch",)).backend_layout


def test_a_map_of_policies_answers_as_keras_s():
    answers = []
    for library in (kerax, keras):
        policy = library.DTypePolicy
        policies = library.dtype_policies.DTypePolicyMap(policy("float32"), {"encoder/.*": policy("float16")})
        policies["encoder/dense"] = policy("bfloat16")
        names = [policies[path].name for path in ("encoder/dense", "encoder/other", "decoder")]
        again = library.dtype_policies.deserialize(library.dtype_policies.serialize(policies))
        policies["encoder/a.*"] = policy("bfloat16")
        with pytest.raises(ValueError, match="encoder/attention"):
            _ = policies["encoder/attention"]
        policies["decoder"] = "float16"
        with pytest.raises(ValueError, match="decoder"):
            policies["decoder"] = "float32"
        answers.append((names, again["encoder/x"].name, len(again), sorted(again)))
    assert answers[0] == answers[1]


def test_a_config_is_keras_s_config():
    answers = []
    for library in (kerax, keras):
        values = library.utils.Config(a=1)
        values.b = 2
        values["c"] = [3]
        assert "a" in values
        assert values.pop("a") == 1
        values.update({"d": 4})
        answers.append((values.as_dict(), values.to_json(), list(values.items()), values.get("x", 7), repr(values)))
        values.freeze()
        assert values.frozen
        with pytest.raises(ValueError, match="frozen"):
            values.b = 3
        with pytest.raises(AttributeError, match="nothing"):
            _ = values.nothing
        with pytest.raises(KeyError):
            values["nothing"]
        values.unfreeze()
        values.b = 3
        answers[-1] += (values.b,)
    assert answers[0] == answers[1]
