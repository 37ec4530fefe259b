"""tf.data as tutorials write it: the guides' pipelines, unchanged but for the import."""

from __future__ import annotations

import os
import pathlib

import numpy as np
import pytest

import kerax
from kerax.compat import tf


def test_datasets_are_those_of_kerax():
    assert tf.data.Dataset is kerax.data.Dataset
    assert tf.data.AUTOTUNE == tf.data.experimental.AUTOTUNE == -1
    with pytest.raises(AttributeError, match="TFRecordIterDataset"):
        _ = tf.data.TFRecordDataset


def test_elements_are_tensors_to_look_at():
    dataset = tf.data.Dataset.from_tensor_slices([8, 3, 0, 8, 2, 1])
    assert [elem.numpy() for elem in dataset] == [8, 3, 0, 8, 2, 1]
    it = iter(dataset)
    assert next(it).numpy() == 8
    assert dataset.reduce(0, lambda state, value: state + value).numpy() == 22
    for x, label in tf.data.Dataset.from_tensor_slices((np.ones((4, 2)), ["a", "b", "c", "d"])).batch(2).take(1):
        assert x.get_shape().as_list() == [2, 2]
        assert x.shape[0] == 2
        assert label.numpy()[1].decode("utf-8") == "b"
        assert label[0].numpy() == b"a"
        assert tf.reduce_sum(x).numpy() == 4.0
        assert tf.cast(x[0], tf.int32).numpy().tolist() == [1, 1]


def test_specs_and_sizes():
    dataset = tf.data.Dataset.from_tensor_slices((np.zeros((4, 10), "float32"), ["a"] * 4)).batch(3)
    assert dataset.element_spec == (tf.TensorSpec([None, 10], tf.float32), tf.TensorSpec([None], tf.string))
    assert dataset.cardinality().numpy() == tf.data.experimental.cardinality(dataset).numpy() == 2
    assert tf.data.experimental.cardinality(dataset.repeat()) == tf.data.INFINITE_CARDINALITY
    assert len(dataset) == 2


def test_a_generator_with_a_signature():
    def series():
        for i in range(3):
            yield i, np.full((i + 1,), i, "float32")

    dataset = tf.data.Dataset.from_generator(
        series, output_types=(tf.int32, tf.float32), output_shapes=((), (None,))
    ).padded_batch(2)
    ids, batch = next(iter(dataset))
    assert ids.numpy().tolist() == [0, 1]
    assert batch.numpy().tolist() == [[0.0, 0.0], [1.0, 1.0]]
    signature = (tf.TensorSpec(shape=(), dtype=tf.int32), tf.TensorSpec(shape=(None,), dtype=tf.float32))
    again = tf.data.Dataset.from_generator(series, output_signature=signature)
    assert again.element_spec == signature


def test_a_folder_of_images(tmp_path):
    pytest.importorskip("PIL")
    for name, value in (("daisy", 10), ("rose", 200)):
        (tmp_path / name).mkdir()
        for i in range(3):
            image = tf.constant(np.full((6, 4, 3), value + i, "uint8"))
            tf.io.write_file(str(tmp_path / name / f"{i}.png"), tf.io.encode_png(image))
    data_dir = pathlib.Path(tmp_path)
    list_ds = tf.data.Dataset.list_files(str(data_dir / "*/*"), shuffle=False)
    assert next(iter(list_ds)).numpy().decode("utf-8").endswith("0.png")
    class_names = np.array(sorted(item.name for item in data_dir.glob("*")))

    def get_label(file_path):
        parts = tf.strings.split(file_path, os.path.sep)
        one_hot = parts[-2] == class_names
        return tf.argmax(one_hot)

    def process_path(file_path):
        label = get_label(file_path)
        img = tf.io.read_file(file_path)
        img = tf.io.decode_png(img, channels=3)
        return tf.image.resize(img, [4, 4]), label

    ds = list_ds.map(process_path, num_parallel_calls=tf.data.AUTOTUNE)
    ds = ds.cache().shuffle(buffer_size=1000).batch(2).prefetch(buffer_size=tf.data.AUTOTUNE)
    for _ in range(2):
        for image_batch, label_batch in ds:
            assert image_batch.shape == (2, 4, 4, 3)
            for image, label in zip(image_batch, label_batch):
                assert (image.numpy().astype("uint8").max() > 100) == (label.numpy() == 1)
                assert class_names[label] in ("daisy", "rose")


def test_lines_with_labels(tmp_path):
    for name in ("cowper", "derby"):
        (tmp_path / f"{name}.txt").write_text(f"{name} One\n{name} Two\n")

    def labeler(example, index):
        return example, tf.cast(index, tf.int64)

    labeled = []
    for i, name in enumerate(["cowper", "derby"]):
        lines = tf.data.TextLineDataset(str(tmp_path / f"{name}.txt"))
        labeled.append(lines.map(lambda ex, i=i: labeler(ex, i)))
    all_labeled = labeled[0]
    for other in labeled[1:]:
        all_labeled = all_labeled.concatenate(other)
    all_labeled = all_labeled.shuffle(10, reshuffle_each_iteration=False)
    texts = sorted((text.numpy().decode("utf-8"), label.numpy()) for text, label in all_labeled)
    assert texts == [("cowper One", 0), ("cowper Two", 0), ("derby One", 1), ("derby Two", 1)]
    lower = all_labeled.map(lambda text, label: tf.strings.lower(text)).filter(
        lambda line: tf.strings.regex_full_match(line, ".*one")
    )
    assert sorted(line.numpy() for line in lower) == [b"cowper one", b"derby one"]


def test_windows_of_a_series():
    def windowed_dataset(series, window_size, batch_size, shuffle_buffer):
        dataset = tf.data.Dataset.from_tensor_slices(series)
        dataset = dataset.window(window_size + 1, shift=1, drop_remainder=True)
        dataset = dataset.flat_map(lambda window: window.batch(window_size + 1))
        dataset = dataset.shuffle(shuffle_buffer)
        dataset = dataset.map(lambda window: (window[:-1], window[-1]))
        return dataset.batch(batch_size).prefetch(1)

    found = []
    for x, y in windowed_dataset(np.arange(10.0), 3, 2, 100):
        np.testing.assert_array_equal(x[:, -1] + 1, y)
        found.extend(y.numpy().tolist())
    assert sorted(found) == [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]


def test_functions_of_python_in_map(tmp_path):
    path = str(tmp_path / "é.npy")
    np.save(path, np.arange(3.0))

    def load(name, number):
        return np.load(name.decode("utf-8")).astype("float32"), number

    dataset = tf.data.Dataset.from_tensor_slices(([path], [7]))
    dataset = dataset.map(lambda a, b: tf.numpy_function(load, [a, b], [tf.float32, tf.int32]))
    values, number = next(iter(dataset))
    assert (values.tolist(), number.numpy()) == ([0.0, 1.0, 2.0], 7)
    doubled = tf.data.Dataset.range(3).map(lambda x: tf.py_function(lambda t: t.numpy() * 2, [x], tf.int64))
    assert [int(x) for x in doubled] == [0, 2, 4]


def test_old_names_for_apply():
    dataset = tf.data.Dataset.range(6)
    assert [x.numpy().tolist() for x in dataset.apply(
        tf.data.experimental.map_and_batch(lambda x: x * 2, 4))] == [[0, 2, 4, 6], [8, 10]]  # fmt: skip
    assert len(list(dataset.apply(tf.data.experimental.shuffle_and_repeat(6, 2)))) == 12
    assert len(list(dataset.batch(2).apply(tf.data.experimental.unbatch()))) == 6
    assert len(list(dataset.apply(tf.data.experimental.take_while(lambda x: x < 2)))) == 2
    assert next(iter(dataset.apply(tf.data.experimental.enumerate_dataset(3))))[0].numpy() == 3
    assert next(iter(tf.data.experimental.Counter(5))).numpy() == 5
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    assert dataset.with_options(options) is dataset


def test_the_advanced_quickstart():
    rng = np.random.default_rng(0)
    x_train = rng.normal(size=(64, 8)).astype("float32")
    y_train = (x_train[:, 0] > 0).astype("int64")
    train_ds = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(10000).batch(32)
    model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
    loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.Adam(0.1)
    train_loss = tf.keras.metrics.Mean(name="train_loss")

    @tf.function
    def train_step(images, labels):
        with tf.GradientTape() as tape:
            loss = loss_object(labels, model(images, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        train_loss(loss)

    losses = []
    for _ in range(4):
        train_loss.reset_state()
        for images, labels in train_ds:
            train_step(images, labels)
        losses.append(float(train_loss.result()))
    assert losses[-1] < losses[0]
