"""Bounding boxes against Keras."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerax.utils import bounding_boxes as ours

theirs = keras.utils.bounding_boxes
BOXES = np.array([[1, 2, 5, 6], [0, 0, 9, 8], [3, 3, 4, 7], [-2, -3, 12, 4], [20, 20, 30, 30], [-1] * 4], "float32")
OTHERS = BOXES[:4] + 1
ANCHORS = np.abs(BOXES[:4]) + np.array([0, 0, 2, 2], "float32")
LABELS = np.array([0, 1, 2, 3, 4, -1])
FORMATS = "xyxy yxyx xywh center_xywh center_yxhw rel_xyxy rel_yxyx rel_xywh rel_center_xywh".split()
STAY = {"translate_x": 0, "translate_y": 0, "scale": 1, "shear_x": 0, "shear_y": 0, "angle": 0}


def affine(**changes):
    numbers = {key: np.full(2, value, "float32") for key, value in {**STAY, **changes}.items()}
    return lambda m: m.affine_transform(np.stack([BOXES[:3]] * 2), height=8, width=9, **numbers)


CASES = {
    "any case of letters": lambda m: m.convert_format(BOXES, "XYXY", "XYWH"),
    "integers": lambda m: m.convert_format(BOXES.astype("int32"), "xyxy", "xywh"),
    "half": lambda m: m.convert_format(BOXES, "xyxy", "xywh", dtype="float16"),
    "a dict": lambda m: m.convert_format({"boxes": BOXES, "labels": LABELS}, "xyxy", "xywh")["boxes"],
    "clip": lambda m: m.clip_to_image_size({"boxes": BOXES, "labels": LABELS}, 8, 9)["boxes"],
    "clip labels": lambda m: m.clip_to_image_size({"boxes": BOXES, "labels": LABELS}, 8, 9)["labels"],
    "clip relative": lambda m: m.clip_to_image_size(
        {"boxes": BOXES / 5, "labels": LABELS}, bounding_box_format="rel_xyxy"
    )["labels"],
    "crop": lambda m: m.crop(BOXES, 1, 2, 4, 5),
    "pad": lambda m: m.pad(BOXES, 1, 2, 8, 9),
    "iou": lambda m: m.compute_iou(BOXES, OTHERS, "xyxy"),
    "iou masked": lambda m: m.compute_iou(BOXES, BOXES, "xyxy", use_masking=True, mask_val=-3),
    "iou of a batch": lambda m: m.compute_iou(np.stack([BOXES, BOXES + 1]), OTHERS, "center_xywh"),
    "iou relative": lambda m: m.compute_iou(BOXES / 10, OTHERS / 10, "rel_xyxy", image_shape=(8, 9, 3)),
    "ciou": lambda m: m.compute_ciou(BOXES[:4], OTHERS, "xyxy"),
    "ciou centres": lambda m: m.compute_ciou(BOXES[:4], OTHERS, "center_xywh"),
    "encode": lambda m: m.encode_box_to_deltas(ANCHORS, OTHERS, "xyxy", "xyxy"),
    "encode a batch": lambda m: m.encode_box_to_deltas(ANCHORS, np.stack([OTHERS, BOXES[:4]]), "xyxy", "xyxy"),
    "encode scaled": lambda m: m.encode_box_to_deltas(
        ANCHORS, OTHERS, "xyxy", "xywh", "center_xywh", variance=[0.1, 0.1, 0.2, 0.2]
    ),
    "decode": lambda m: m.decode_deltas_to_boxes(ANCHORS, OTHERS / 10, "xyxy", "xyxy"),
    "decode scaled": lambda m: m.decode_deltas_to_boxes(
        ANCHORS, OTHERS / 10, "xyxy", "rel_xyxy", variance=[0.1, 0.1, 0.2, 0.2], image_shape=(8, 9, 3)
    ),
    "decode levels": lambda m: m.decode_deltas_to_boxes({"p3": ANCHORS}, {"p3": OTHERS / 10}, "xyxy", "xyxy")["p3"],
    "turned": affine(angle=30),
    "moved": affine(translate_x=0.25, translate_y=-0.1),
    "scaled about a corner": affine(scale=2, center_x=0.2, center_y=0.7),
    "everything": affine(angle=30, scale=1.5, shear_x=10, shear_y=5, translate_x=0.1, center_x=0.2, center_y=0.7),
}


@pytest.mark.parametrize("name", CASES)
def test_boxes_are_those_of_keras(name):
    mine, other = np.asarray(CASES[name](ours)), np.asarray(CASES[name](theirs))
    assert mine.dtype == other.dtype
    np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("source", FORMATS)
def test_every_format_becomes_every_other(source):
    boxes = np.asarray(theirs.convert_format(BOXES, "xyxy", source, height=8, width=9))
    for target in FORMATS:
        mine = ours.convert_format(boxes, source, target, height=8, width=9)
        np.testing.assert_allclose(mine, theirs.convert_format(boxes, source, target, height=8, width=9), atol=1e-5)


def test_decoding_undoes_encoding():
    deltas = ours.encode_box_to_deltas(ANCHORS, OTHERS, "xyxy", "xyxy", variance=[0.1, 0.2, 0.3, 0.4])
    back = ours.decode_deltas_to_boxes(ANCHORS, deltas, "xyxy", "xyxy", variance=[0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(back, OTHERS, atol=1e-4)


ERRORS = {
    r"format of bounding boxes 'corners'": lambda: ours.convert_format(BOXES, "xyxy", "corners"),
    r"height=None and width=None, expected height": lambda: ours.convert_format(BOXES, "xyxy", "rel_xyxy"),
    r"boxes of shape \(6, 3\), expected a last axis of 4": lambda: ours.convert_format(BOXES[:, :3], "xyxy", "xywh"),
    r"height=None, width=None, expected both": lambda: ours.clip_to_image_size({"boxes": BOXES, "labels": LABELS}),
    r"expected a dict of 'boxes' and 'labels'": lambda: ours.clip_to_image_size(BOXES, 8, 9),
    r"image_shape=None": lambda: ours.compute_iou(BOXES, BOXES, "rel_xyxy"),
    r"\(2, 6, 4\) and \(3, 6, 4\)": lambda: ours.compute_iou(np.stack([BOXES] * 2), np.stack([BOXES] * 3), "xyxy"),
    r"a variance of shape \(2,\)": lambda: ours.encode_box_to_deltas(ANCHORS, OTHERS, "xyxy", "xyxy", variance=[1, 2]),
    r"encoded_format='xyxy'": lambda: ours.decode_deltas_to_boxes(ANCHORS, OTHERS, "xyxy", "xyxy", "xyxy"),
}


@pytest.mark.parametrize("text", ERRORS)
def test_boxes_that_fit_nothing_are_an_error(text):
    with pytest.raises(ValueError, match=text):
        ERRORS[text]()


def test_functions_of_corners_refuse_other_formats():
    for function in (ours.crop, ours.pad):
        with pytest.raises(NotImplementedError, match=r"the format 'xywh', expected 'xyxy'. Try: convert_format"):
            function(BOXES, 1, 2, 4, 5, "xywh")
    with pytest.raises(NotImplementedError, match=r"the format 'xywh', expected 'xyxy' or 'rel_xyxy'"):
        ours.clip_to_image_size({"boxes": BOXES, "labels": LABELS}, 8, 9, "xywh")
