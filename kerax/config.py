"""Global settings: float type, fuzz factor, image layout, compilation cache.

Values come from `keras.json` in the Keras home folder (`KERAS_HOME`, default `~/.keras`) when it is
there, and are asked for when needed: changing one affects everything built afterwards.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._errors import ArgumentError

__all__ = [
    "backend",
    "disable_compilation_cache",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_compilation_cache",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "functions_run_eagerly",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "run_functions_eagerly",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
]

log = logging.getLogger("kerax")
_FLOATS = ("float16", "bfloat16", "float32", "float64")
_LAYOUTS = ("channels_last", "channels_first")
_settings: dict[str, Any] = {}


def _setting(name: str, default: Any) -> Any:
    if not _settings:
        _settings.update({"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"})
        path = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "keras.json"
        try:
            stored = json.loads(path.read_text())
        except FileNotFoundError:
            stored = {}
        except (OSError, ValueError) as error:
            log.warning("Ignoring %s: %s", path, error)
            stored = {}
        if stored.get("floatx") in _FLOATS:
            _settings["floatx"] = stored["floatx"]
        if isinstance(stored.get("epsilon"), float):
            _settings["epsilon"] = stored["epsilon"]
        if stored.get("image_data_format") in _LAYOUTS:
            _settings["image_data_format"] = stored["image_data_format"]
    return _settings.get(name, default)


def _set(name: str, value: Any) -> None:
    _setting(name, None)
    _settings[name] = value


def floatx() -> str:
    """The dtype of weights and inputs that name none, `"float32"` unless set."""
    return _setting("floatx", "float32")


def set_floatx(value: str) -> None:
    """Set `floatx`: `"float16"`, `"bfloat16"`, `"float32"` or `"float64"`.

    Raises:
        ArgumentError: another name.
    """
    if value not in _FLOATS:
        raise ArgumentError("set_floatx", got=repr(value), expected=f"one of {_FLOATS}")
    _set("floatx", value)


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite, 1e-7 unless set."""
    return _setting("epsilon", 1e-7)


def set_epsilon(value: float) -> None:
    """Set `epsilon`."""
    _set("epsilon", float(value))


def image_data_format() -> str:
    """`"channels_last"` (the default) or `"channels_first"`."""
    return _setting("image_data_format", "channels_last")


def set_image_data_format(data_format: str) -> None:
    """Set `image_data_format`.

    Raises:
        ArgumentError: neither `"channels_last"` nor `"channels_first"`.
    """
    _set("image_data_format", standardize_data_format(data_format))


def standardize_data_format(data_format: str | None) -> str:
    """The given layout, or the global one for None."""
    if data_format is None:
        return image_data_format()
    lowered = str(data_format).lower()
    if lowered not in _LAYOUTS:
        raise ArgumentError("data_format", got=repr(data_format), expected=f"one of {_LAYOUTS}")
    return lowered


def max_epochs() -> int | None:
    """The most epochs any `fit` runs, or None."""
    return _setting("max_epochs", None)


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit every `fit` to that many epochs; None lifts the limit."""
    _set("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most steps any epoch runs, or None."""
    return _setting("max_steps_per_epoch", None)


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit every epoch to that many steps; None lifts the limit."""
    _set("max_steps_per_epoch", max_steps_per_epoch)


def backend() -> str:
    """The name of the backend: always `"jax"`."""
    return "jax"


def set_backend(backend: str) -> None:
    """Take `"jax"`, the only backend.

    Raises:
        ArgumentError: another one.
    """
    if backend != "jax":
        raise ArgumentError("set_backend", got=repr(backend), expected="'jax', which kerax is written in")


def is_nnx_enabled() -> bool:
    """Whether layers are Flax NNX modules: always True."""
    return True


def enable_compilation_cache(folder: str | os.PathLike | None = None) -> None:
    """Keep compiled programs on disk, so that the next start of a script need not compile again.

    Args:
        folder: where; default `compilation_cache` in the Keras home folder.
    """
    import jax

    if folder is None:
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "compilation_cache"
    Path(folder).mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def disable_compilation_cache() -> None:
    """Stop keeping compiled programs on disk."""
    import jax

    jax.config.update("jax_compilation_cache_dir", None)


_eager = False


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Run every `kerax.function` as plain Python, for debugging, until this is called with False."""
    global _eager
    _eager = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Whether every `kerax.function` runs as plain Python."""
    return _eager


_unsafe: list[bool] = []  # not empty: `enable_unsafe_deserialization` was called


def enable_unsafe_deserialization() -> None:
    """Let every config and file bring Python code along from now on, as `safe_mode=False` does for one."""
    _unsafe.append(True)


def enable_flash_attention() -> None:
    """Let `ops.dot_product_attention` use cuDNN's fused kernel where it exists: half precision on a GPU."""
    _set("flash_attention", True)


def disable_flash_attention() -> None:
    """Keep `ops.dot_product_attention` from fused kernels."""
    _set("flash_attention", False)


def is_flash_attention_enabled() -> bool | None:
    """What was chosen: True, False, or None before any choice, which leaves it to XLA."""
    return _setting("flash_attention", None)


def enable_interactive_logging() -> None:
    """Show progress on standard output, as it is by default."""
    _set("interactive_logging", True)


def disable_interactive_logging() -> None:
    """Send progress to the logger `"kerax"`, at level INFO, instead of standard output."""
    _set("interactive_logging", False)


def is_interactive_logging_enabled() -> bool:
    """Whether progress is shown on standard output."""
    return _setting("interactive_logging", True)


def enable_traceback_filtering() -> None:
    """Leave the frames of JAX and of kerax's own machinery out of tracebacks, as it is by default."""
    import jax

    jax.config.update("jax_traceback_filtering", "auto")


def disable_traceback_filtering() -> None:
    """Show every frame in tracebacks."""
    import jax

    jax.config.update("jax_traceback_filtering", "off")


def is_traceback_filtering_enabled() -> bool:
    """Whether tracebacks leave frames out."""
    import jax

    return jax.config.jax_traceback_filtering != "off"


class _Policies:
    """What kerax.dtype_policies, which stands above, fills in."""

    get: Callable[[], Any]
    set: Callable[[Any], None]


policies = _Policies()


def dtype_policy() -> Any:
    """The dtype policy of layers that name none."""
    return policies.get()


def set_dtype_policy(policy: Any) -> None:
    """Set the dtype policy of layers made from now on: a name such as `"mixed_bfloat16"`, or a policy."""
    policies.set(policy)
