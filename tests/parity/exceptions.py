"""Where kerax's surface is not Keras's: every name once, under the reason why.

A name that exists, or a signature that is the same by now, must leave its list: a test says so.
"""

from __future__ import annotations


def _in(module: str, names: str) -> list[str]:
    return [f"{module}.{name}".lstrip(".") for name in names.split()]


# Reason -> names of Keras that kerax does not have. A module that is missing stands for all its names.
MISSING: dict[str, list[str]] = {
    "needs TensorFlow": ["layers.TFSMLayer"],
    "needs PyTorch": ["layers.TorchModuleWrapper"],
    "marks Keras's own graph building; kerax builds graphs by recording calls and has no such phase": ["SymbolicScope"],
    "waits for drawings of bounding boxes and segmentation masks": ["visualization"],
    "checkpoints of Orbax are callbacks.Checkpoint, which resumes exactly": ["callbacks.OrbaxCheckpoint"],
    "waits for saving: the editor of files, the first form of configs": [
        "saving.KerasFileEditor",
        "legacy",
        "utils.legacy",
    ],
    "waits for model parallel training": _in("distribution", "LayoutMap ModelParallel initialize"),
    "waits for quantization": [
        "Quantizer",
        "quantizers",
        *_in(
            "dtype_policies",
            "AWQDTypePolicy GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy QuantizedFloat8DTypePolicy",
        ),
    ],
    "waits for the applications": ["applications"],
    "waits for distillation": ["distillation"],
    "waits for the scikit-learn wrappers": ["wrappers"],
}

# Reason -> names whose parameters differ in name, order or default. More of them at the end are no difference.
SIGNATURES: dict[str, list[str]] = {
    "takes no arguments; Keras shows those of a base class": ["export.ExportArchive"],
    "one function serves every family, and calls what it gets `obj` or `config`": [
        "constraints.serialize",
        "dtype_policies.serialize",
        "initializers.serialize",
        "layers.serialize",
        "losses.deserialize",
        "losses.serialize",
        "metrics.serialize",
        "optimizers.schedules.serialize",
        "optimizers.serialize",
        "regularizers.serialize",
    ],
    "LoRA and quantization wrap layers; they are no arguments of theirs": [
        "layers.Dense",
        "layers.EinsumDense",
        "layers.Embedding",
    ],
    "JAX has no ragged tensors": ["KerasTensor"],
    "the layout of a Variable is asked of the distribution in force": ["Variable"],
    "the base takes a learning rate by default, as tf.keras's did": ["Optimizer"],
    "also takes its options, as a decorator with parentheses": ["ops.custom_gradient"],
    "takes several tables": ["saving.CustomObjectScope"],
    "no module is searched for a class because a caller says so": ["saving.get_registered_object"],
    "drawn without graphviz, which these options steer": ["utils.model_to_dot"],
    "Keras's is a stand-in that refuses to be made": ["optimizers.legacy.Adagrad"],
}
