"""What `tensorboard.plugins.hparams.api` is to tutorials: trials with their hyperparameters, for the HParams tab.

    from kerax.compat import hparams as hp

    HP_UNITS = hp.HParam("num_units", hp.Discrete([16, 32]))
    with kerax.summary.create_file_writer("logs/tuning").as_default():
        hp.hparams_config(hparams=[HP_UNITS], metrics=[hp.Metric("accuracy")])

Then each trial has a folder of its own, where `hp.hparams({HP_UNITS: 16})` and the scalar `accuracy` are written.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .._errors import ArgumentError, DTypeError
from .._events import hparams as _events
from .._types import Logs
from ..callbacks import Callback
from ..summary import SummaryWriter, create_file_writer
from ..summary._recording import record

__all__ = [
    "Discrete",
    "Domain",
    "HParam",
    "IntInterval",
    "KerasCallback",
    "Metric",
    "RealInterval",
    "hparams",
    "hparams_config",
    "hparams_config_pb",
    "hparams_pb",
]

_TYPES = (bool, int, float, str)


# -- domains -------------------------------------------------------------------------------------


class Domain:
    """The values that a hyperparameter may take."""

    @property
    def dtype(self) -> type:
        """The type of the values: `float`, `int`, `str` or `bool`."""
        raise NotImplementedError

    def sample_uniform(self, rng: Any = random) -> Any:
        """A value drawn at random, all being equally likely.

        Args:
            rng: a `random.Random`; default: the module.
        """
        raise NotImplementedError

    def _info(self) -> dict[str, Any]:
        raise NotImplementedError


class _Interval(Domain):
    _type: type = float

    def __init__(self, min_value: Any = None, max_value: Any = None) -> None:
        name = type(self).__name__
        for argument, value in (("min_value", min_value), ("max_value", max_value)):
            if type(value) is not self._type:
                raise DTypeError(name, got=f"{argument}={value!r}", expected=f"of type {self._type.__name__}")
        if not min_value <= max_value:
            raise ArgumentError(name, got=f"{min_value} > {max_value}", expected="min_value at most max_value")
        self.min_value, self.max_value = min_value, max_value

    def __str__(self) -> str:
        return f"[{self.min_value}, {self.max_value}]"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.min_value!r}, {self.max_value!r})"

    @property
    def dtype(self) -> type:
        return self._type

    def _info(self) -> dict[str, Any]:
        return {"dtype": self._type, "interval": (self.min_value, self.max_value)}


class IntInterval(_Interval):
    """The integers from `min_value` to `max_value`, both included.

    Raises:
        DTypeError: ends that are not ints.
        ArgumentError: ends in the wrong order.
    """

    _type = int

    def sample_uniform(self, rng: Any = random) -> int:
        return rng.randint(self.min_value, self.max_value)


class RealInterval(_Interval):
    """The floats from `min_value` to `max_value`.

    Raises:
        DTypeError: ends that are not floats.
        ArgumentError: ends in the wrong order, or NaN.
    """

    _type = float

    def sample_uniform(self, rng: Any = random) -> float:
        return rng.uniform(self.min_value, self.max_value)


class Discrete(Domain):
    """A few values of one type.

    Args:
        values: in any order; kept sorted.
        dtype: their type; default: that of the first.
    Raises:
        ArgumentError: no values and no type, or a type that cannot be.
        DTypeError: values of another type.
    """

    def __init__(self, values: Iterable[Any], dtype: type | None = None) -> None:
        given = [_plain(value) for value in values]
        if dtype is None:
            if not given:
                raise ArgumentError("Discrete", got="no values and no dtype", expected="one of them")
            dtype = type(given[0])
        if dtype not in _TYPES:
            raise ArgumentError("Discrete", got=f"values of {dtype!r}", expected="bool, int, float or str")
        for value in given:
            if not isinstance(value, dtype):
                raise DTypeError("Discrete", got=f"{value!r}", expected=f"values of type {dtype.__name__}")
        self._dtype = dtype
        self._values = sorted(given)

    def __str__(self) -> str:
        return "{" + ", ".join(map(repr, self._values)) + "}"

    def __repr__(self) -> str:
        return f"Discrete({self._values!r})"

    @property
    def dtype(self) -> type:
        return self._dtype

    @property
    def values(self) -> list[Any]:
        """The values, sorted."""
        return list(self._values)

    def sample_uniform(self, rng: Any = random) -> Any:
        return rng.choice(self._values)

    def _info(self) -> dict[str, Any]:
        return {"dtype": self._dtype, "values": self._values}


# -- what is tried, and looked at ----------------------------------------------------------------


class HParam:
    """A hyperparameter of an experiment.

    Args:
        name: shown, and the key of its values.
        domain: what it may be; default: anything.
        display_name: shown in place of the name.
        description: text shown with it.
    Raises:
        ArgumentError: a `domain` that is none.
    """

    def __init__(
        self, name: str, domain: Domain | None = None, display_name: str | None = None, description: str | None = None
    ) -> None:
        if not isinstance(domain, (Domain, type(None))):
            raise ArgumentError(
                f"HParam {name!r}", got=f"domain={domain!r}", expected="IntInterval, RealInterval or Discrete"
            )
        self._name, self._domain = name, domain
        self._display_name, self._description = display_name, description

    def __str__(self) -> str:
        return f"<HParam {self._name!r}: {self._domain}>"

    def __repr__(self) -> str:
        return (
            f"HParam(name={self._name!r}, domain={self._domain!r}, display_name={self._display_name!r}, "
            f"description={self._description!r})"
        )

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def domain(self) -> Domain | None:
        """What it may be."""
        return self._domain

    @property
    def display_name(self) -> str | None:
        """What is shown in place of its name."""
        return self._display_name

    @property
    def description(self) -> str | None:
        """The text shown with it."""
        return self._description

    def _info(self) -> dict[str, Any]:
        known = {"dtype": None} if self._domain is None else self._domain._info()
        return {"name": self._name, "display_name": self._display_name, "description": self._description, **known}


class Metric:
    """A number by which trials are compared: a scalar summary.

    Args:
        tag: of the scalar: `"epoch_accuracy"`.
        group: the run below that of the trial: `"validation"`.
        display_name: shown in place of the tag.
        description: text shown with it.
        dataset_type: `Metric.TRAINING`, `Metric.VALIDATION` or None.
    Raises:
        ArgumentError: another `dataset_type`.
    """

    TRAINING = "DATASET_TRAINING"
    VALIDATION = "DATASET_VALIDATION"

    def __init__(
        self,
        tag: str,
        group: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        dataset_type: str | None = None,
    ) -> None:
        if dataset_type not in (None, Metric.TRAINING, Metric.VALIDATION):
            raise ArgumentError(
                f"Metric {tag!r}",
                got=f"dataset_type={dataset_type!r}",
                expected="Metric.TRAINING, Metric.VALIDATION or None",
            )
        self._facts = {"tag": tag, "group": group, "display_name": display_name, "description": description}
        self._facts["dataset_type"] = dataset_type or "DATASET_UNKNOWN"

    def _info(self) -> dict[str, Any]:
        return self._facts


# -- writing -------------------------------------------------------------------------------------


def hparams_config_pb(
    hparams: Sequence[HParam], metrics: Sequence[Metric], time_created_secs: float | None = None
) -> Any:
    """The summary that `hparams_config` records, as a message."""
    return _events.experiment([one._info() for one in hparams], [one._info() for one in metrics], time_created_secs)


def hparams_config(
    hparams: Sequence[HParam], metrics: Sequence[Metric], time_created_secs: float | None = None
) -> bool:
    """Record what an experiment will try and look at, in the folder above those of the trials.

    Args:
        hparams: the hyperparameters.
        metrics: the numbers.
        time_created_secs: seconds since 1970; default: now.
    Returns:
        Whether it was recorded: False without a default writer.
    """
    return _record("hparams_config", hparams_config_pb(hparams, metrics, time_created_secs))


def hparams_pb(hparams: Mapping[Any, Any], trial_id: str | None = None, start_time_secs: float | None = None) -> Any:
    """The summary that `hparams` records, as a message."""
    return _events.session_start(_named(hparams), trial_id, start_time_secs)


def hparams(hparams: Mapping[Any, Any], trial_id: str | None = None, start_time_secs: float | None = None) -> bool:
    """Record the values of a trial.

    Args:
        hparams: an HParam or its name -> a bool, int, float or string, also of NumPy.
        trial_id: runs of one trial are shown as one; default: from the values.
        start_time_secs: seconds since 1970; default: now.
    Returns:
        Whether it was recorded: False without a default writer.
    Raises:
        ArgumentError: two values for one name.
        DTypeError: a value of another type.
    """
    return _record("hparams", hparams_pb(hparams, trial_id, start_time_secs))


def _record(what: str, message: Any) -> bool:
    return record(what, lambda: message, 0)


def _named(hparams: Mapping[Any, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in hparams.items():
        name = key.name if isinstance(key, HParam) else key
        if name in values:
            raise ArgumentError("hparams", got=f"two values for {name!r}", expected="one")
        values[name] = _plain(value)
        if type(values[name]) not in _TYPES:
            raise DTypeError(
                f"hparams: {name!r}", got=f"{value!r:.60} ({type(value).__name__})", expected="bool, int, float or str"
            )
    return values


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python."""
    return value.item() if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0 else value


class KerasCallback(Callback):
    """Record the values of the trial that a `fit` is, and that it ended.

    Args:
        writer: a writer of `kerax.summary`, or the folder of the trial: that of the TensorBoard callback.
        hparams: as in `hparams`.
        trial_id: as in `hparams`.
    Raises:
        DTypeError: neither a writer nor a path, or a value of another type.
        ArgumentError: two values for one name.
    """

    def __init__(
        self,
        writer: SummaryWriter | str | os.PathLike[str],
        hparams: Mapping[Any, Any],
        trial_id: str | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(writer, (SummaryWriter, str, os.PathLike)):
            raise DTypeError("KerasCallback: writer", got=repr(writer), expected="a writer or a path")
        self._values = _named(hparams)
        self._trial_id = trial_id
        self._given = writer
        self._writer: SummaryWriter | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        given = self._given
        self._writer = given if isinstance(given, SummaryWriter) else create_file_writer(given)
        with self._writer.as_default():
            _record("KerasCallback", _events.session_start(self._values, self._trial_id))

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self._writer is None:
            return
        with self._writer.as_default():
            _record("KerasCallback", _events.session_end())
        if self._writer is not self._given:
            self._writer.close()
        self._writer = None
