"""Hyperparameters of trials, as the HParams tab reads them: one summary for the experiment, two for each session."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from .protos import protos
from .values import metadata, shape, summary, value

__all__ = ["experiment", "session_end", "session_start", "trial_of"]

Plain = bool | int | float | str
KINDS = {bool: "DATA_TYPE_BOOL", float: "DATA_TYPE_FLOAT64", int: "DATA_TYPE_FLOAT64", str: "DATA_TYPE_STRING"}


def _carried(tag: str, **content: Any) -> Any:
    """A summary whose metadata carry the content; the plugin looks at nothing else."""
    data = protos().plugin_hparams.HParamsPluginData(version=0, **content)
    empty = protos().tensor.TensorProto(dtype=protos().types.DT_FLOAT, tensor_shape=shape((0,)))
    return summary(value(f"_hparams_/{tag}", empty, metadata("hparams", content=data.SerializeToString())))


def trial_of(values: Mapping[str, Plain]) -> str:
    """The name of the trial with these values: trials with the same values are shown as one."""
    return hashlib.sha256(json.dumps(dict(values), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def session_start(values: Mapping[str, Plain], trial_id: str | None = None, start: float | None = None) -> Any:
    """A trial begins with these values."""
    message = protos().plugin_hparams.SessionStartInfo(
        group_name=trial_of(values) if trial_id is None else trial_id,
        start_time_secs=time.time() if start is None else start,
    )
    for name in sorted(values):
        _fill(message.hparams[name], values[name])
    return _carried("session_start_info", session_start_info=message)


def session_end(end: float | None = None) -> Any:
    """A trial ended well."""
    status = protos().api.STATUS_SUCCESS
    message = protos().plugin_hparams.SessionEndInfo(status=status, end_time_secs=time.time() if end is None else end)
    return _carried("session_end_info", session_end_info=message)


def experiment(parameters: list[dict[str, Any]], metrics: list[dict[str, Any]], created: float | None = None) -> Any:
    """What will be tried and looked at.

    Args:
        parameters: name, display_name, description, and dtype with either values, or the ends of an interval.
        metrics: group, tag, display_name, description, dataset_type.
        created: seconds since 1970; default: now.
    """
    api = protos().api
    infos = []
    for one in parameters:
        kind = KINDS.get(one["dtype"], "DATA_TYPE_UNSET")
        info = api.HParamInfo(
            name=one["name"], display_name=one["display_name"], description=one["description"], type=getattr(api, kind)
        )
        for member in one.get("values", ()):
            _fill(info.domain_discrete.values.add(), member)
        if "interval" in one:
            low, high = one["interval"]
            info.domain_interval.min_value = -np.inf if low is None else low
            info.domain_interval.max_value = np.inf if high is None else high
        infos.append(info)
    shown = [
        api.MetricInfo(
            name=api.MetricName(group=one["group"], tag=one["tag"]),
            display_name=one["display_name"],
            description=one["description"],
            dataset_type=getattr(api, one["dataset_type"]),
        )
        for one in metrics
    ]
    when = time.time() if created is None else created
    return _carried(
        "experiment", experiment=api.Experiment(hparam_infos=infos, metric_infos=shown, time_created_secs=when)
    )


def _fill(message: Any, number: Plain) -> None:
    """Put a value into a message of `google.protobuf.Value`."""
    if isinstance(number, bool):
        message.bool_value = number
    elif isinstance(number, str):
        message.string_value = number
    else:
        message.number_value = number
