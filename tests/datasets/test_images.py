"""mnist, fashion_mnist, cifar10, cifar100: full-size files of noise, which compress or are cheap to write."""

import gzip
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest

from kerax import config
from kerax._errors import ArgumentError, DataError
from kerax.datasets import cifar10, cifar100, fashion_mnist, mnist

COUNTS = {"train": 60000, "test": 10000}


def mnist_arrays(seed=0):
    rng = np.random.default_rng(seed)
    arrays = {}
    for part, count in COUNTS.items():
        images = np.zeros((count, 28, 28), "uint8")
        images[:, 14, 14] = rng.integers(0, 256, count)
        arrays[f"x_{part}"] = images
        arrays[f"y_{part}"] = rng.integers(0, 10, count).astype("uint8")
    return arrays


def write_idx(path, array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(head + array.tobytes(), compresslevel=1))


def write_fashion(home, arrays):
    for part, prefix in (("train", "train"), ("test", "t10k")):
        write_idx(home / "fashion-mnist" / f"{prefix}-images-idx3-ubyte.gz", arrays[f"x_{part}"])
        write_idx(home / "fashion-mnist" / f"{prefix}-labels-idx1-ubyte.gz", arrays[f"y_{part}"])


def write_batch(path, count, protocol=4, **labels):
    """As the published files are: bytes for keys (Python 2 wrote them), a list for labels."""
    rng = np.random.default_rng(len(path.name))
    data = np.repeat(rng.integers(0, 256, (count, 1), dtype="uint8"), 3072, axis=1)
    data[:, 0], data[:, 1024] = 1, 2
    batch = {b"data": data} | {key.encode(): value for key, value in labels.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(batch, protocol=protocol))


def numbers(count, classes):
    return [index * 7 % classes for index in range(count)]


def write_cifar10(folder):
    for name in [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]:
        write_batch(folder / name, 10000, labels=numbers(10000, 10))


def write_cifar100(folder):
    for name, count in (("train", 50000), ("test", 10000)):
        write_batch(folder / name, count, fine_labels=numbers(count, 100), coarse_labels=numbers(count, 20))


# mnist


def test_mnist_is_read_as_keras_reads_it(home, oracle, same):
    path = home / "mnist.npz"
    np.savez_compressed(path, **mnist_arrays())
    same(mnist.load_data(), oracle("mnist", path).load_data())


def test_mnist_takes_another_file_name_and_an_absolute_path(home, tmp_path):
    np.savez_compressed(home / "other.npz", **mnist_arrays(1))
    (tmp_path / "elsewhere").mkdir()
    np.savez_compressed(tmp_path / "elsewhere" / "digits.npz", **mnist_arrays(2))
    (_, first), _ = mnist.load_data("other.npz")
    (_, second), _ = mnist.load_data(path=str(tmp_path / "elsewhere" / "digits.npz"))
    np.testing.assert_array_equal(first, mnist_arrays(1)["y_train"])
    np.testing.assert_array_equal(second, mnist_arrays(2)["y_train"])


def changed(**arrays):
    return mnist_arrays() | arrays


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"x_train": np.zeros((5, 2))}, r"holds x_train.*expected x_train: uint8 \(60000, 28, 28\); y_train"),
        (changed(x_train=np.zeros((10, 28, 28), "uint8")), r"x_train with dtype uint8 and shape \(10, 28, 28\)"),
        (changed(x_test=np.zeros((10000, 784), "uint8")), r"\(10000, 784\), expected x_test: uint8 \(10000, 28, 28\)"),
        (changed(y_train=np.zeros(60000, "float32")), r"y_train with dtype float32.*uint8 \(60000,\)"),
        (changed(y_test=np.full(10000, 11, "uint8")), r"y_test with 11 at \[0\], expected .* between 0 and 9"),
        (changed(y_test=np.zeros(10000, object)), r"y_test with dtype object"),
    ],
    ids=["arrays missing", "rows missing", "flat images", "float labels", "label 11", "objects"],
)
def test_a_wrong_mnist_is_named_and_kept(home, fails, arrays, match):
    path = home / "mnist.npz"
    np.savez_compressed(path, **arrays)
    fails(mnist.load_data, path, match)


@pytest.mark.parametrize("damage", ["empty", "text", "cut off", "one byte", "folder's index lost"])
def test_a_damaged_mnist_is_named_and_kept(home, fails, damage):
    path = home / "mnist.npz"
    np.savez_compressed(path, **mnist_arrays())
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "empty": b"",
            "text": b"<html>Not found</html>",
            "cut off": whole[:middle],
            "one byte": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
            "folder's index lost": whole[:-30],
        }[damage]
    )
    fails(mnist.load_data, path, r"cannot be read as an \.npz file \(")


def test_no_file_and_no_network_is_one_clear_error(home):
    with pytest.raises(DataError) as caught:
        mnist.load_data()
    message = str(caught.value)
    assert message.startswith("mnist.npz: got no file at ")
    assert str(home / "mnist.npz") in message
    assert "no network in tests" in message
    assert "place it at" in message
    assert "KERAS_HOME" in message
    assert not list(home.iterdir())


# fashion_mnist


def test_fashion_mnist_is_read_as_keras_reads_it(home, oracle, same, monkeypatch):
    write_fashion(home, mnist_arrays())
    keras = oracle("fashion_mnist", home)
    monkeypatch.setattr(keras, "get_file", lambda name, **_: str(home / "fashion-mnist" / name))
    same(fashion_mnist.load_data(), keras.load_data())


def test_a_wrong_fashion_mnist_is_named_and_kept(home, fails):
    arrays = mnist_arrays()
    write_fashion(home, arrays)
    images = home / "fashion-mnist" / "train-images-idx3-ubyte.gz"
    labels = home / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz"
    good = images.read_bytes()

    images.write_bytes(good[: len(good) // 2])
    fails(fashion_mnist.load_data, images, "cannot be read as a gzip file")
    images.write_bytes(b"nothing of the kind")
    fails(fashion_mnist.load_data, images, "cannot be read as a gzip file")
    write_idx(images, arrays["x_test"])
    fails(fashion_mnist.load_data, images, r"begins with 00000803.*uint8 \(60000, 28, 28\)")
    images.write_bytes(gzip.compress(gzip.decompress(good)[:-5], 1))
    fails(fashion_mnist.load_data, images, "47039995 bytes of data, expected 47040000")
    images.write_bytes(gzip.compress(gzip.decompress(good) + b"more", 1))
    fails(fashion_mnist.load_data, images, "more than 47040000 bytes")

    images.write_bytes(good)
    write_idx(labels, np.full(10000, 10, "uint8"))
    fails(fashion_mnist.load_data, labels, r"10 at \[0\], expected uint8 \(10000,\) between 0 and 9")


def test_a_missing_fashion_file_names_its_folder(home):
    with pytest.raises(DataError, match=r"fashion-mnist.train-images-idx3-ubyte\.gz"):
        fashion_mnist.load_data()


def test_a_download_that_is_no_fashion_mnist_is_not_kept(home, monkeypatch):
    class Page(io.BytesIO):
        headers: dict[str, str] = {}

    monkeypatch.setattr("urllib.request.urlopen", lambda *args, **kwargs: Page(b"<html>Please log in</html>"))
    with pytest.raises(DataError, match="cannot be read as a gzip file"):
        fashion_mnist.load_data()
    assert not list((home / "fashion-mnist").iterdir())


# cifar


@pytest.mark.slow
@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
def test_cifar10_is_read_as_keras_reads_it(home, oracle, same, monkeypatch, order):
    write_cifar10(home / "cifar-10-batches-py-target" / "cifar-10-batches-py")
    monkeypatch.setattr(config, "image_data_format", lambda: order)
    keras = oracle("cifar10", home / "cifar-10-batches-py-target")
    monkeypatch.setattr(keras.backend, "image_data_format", lambda: order)
    ours = cifar10.load_data()
    assert ours[0][0].shape == ((50000, 32, 32, 3) if order == "channels_last" else (50000, 3, 32, 32))
    same(ours, keras.load_data())


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100_is_read_as_keras_reads_it(home, oracle, same, mode):
    write_cifar100(home / "cifar-100-python-target" / "cifar-100-python")
    ours = cifar100.load_data(label_mode=mode)
    same(ours, oracle("cifar100", home / "cifar-100-python-target").load_data(mode))
    assert ours[0][1].max() == {"fine": 99, "coarse": 19}[mode]


def test_cifar100_knows_two_label_modes(home):
    with pytest.raises(ArgumentError, match="label_mode='medium', expected 'fine' or 'coarse'"):
        cifar100.load_data("medium")


@pytest.mark.parametrize("name", ["cifar-10-batches-py-target_archive", "cifar-10-python.tar.gz"])
def test_a_cached_archive_is_extracted_where_keras_keeps_it(home, tmp_path, name):
    write_cifar10(tmp_path / "cifar-10-batches-py")
    with tarfile.open(home / name, "w:gz", compresslevel=1) as tar:
        tar.add(tmp_path / "cifar-10-batches-py", "cifar-10-batches-py")
    (_, y_train), _ = cifar10.load_data()
    assert y_train[:3].ravel().tolist() == [0, 7, 4]
    assert sorted(path.name for path in home.iterdir()) == sorted([name, "cifar-10-batches-py-target"])
    (home / name).unlink()
    cifar10.load_data()


def test_the_folder_of_earlier_keras_versions_is_found(home):
    write_cifar10(home / "cifar-10-batches-py")
    assert cifar10.load_data()[1][1].shape == (10000, 1)


def test_a_wrong_archive_is_named_and_kept(home, fails, tmp_path):
    path = home / "cifar-10-batches-py-target_archive"
    path.write_bytes(b"not an archive")
    fails(cifar10.load_data, path, r"cannot be read as a \.tar\.gz archive")
    write_batch(tmp_path / "data_batch_1", 10)
    with tarfile.open(path, "w:gz") as tar:
        tar.add(tmp_path / "data_batch_1", "cifar-10-batches-py/data_batch_1")
    fails(cifar10.load_data, path, "without cifar-10-batches-py/data_batch_2")
    path.write_bytes(path.read_bytes()[:100])
    fails(cifar10.load_data, path, r"cannot be read as a \.tar\.gz archive")
    assert [entry.name for entry in home.iterdir()] == [path.name]


def test_an_archive_cannot_write_outside_its_folder(home, tmp_path, fails):
    path = home / "cifar-10-batches-py-target_archive"
    (tmp_path / "evil").write_text("evil")
    with tarfile.open(path, "w:gz") as tar:
        tar.add(tmp_path / "evil", "../../escaped")
    fails(cifar10.load_data, path, "OutsideDestinationError")
    assert not (home.parent / "escaped").exists()


def test_a_wrong_cifar_batch_is_named_and_kept(home, fails):
    folder = home / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    write_cifar10(folder)
    path = folder / "data_batch_3"
    good = path.read_bytes()
    for damage in (b"", good[:5000], b"\x80\x04garbage"):
        path.write_bytes(damage)
        fails(cifar10.load_data, path, "cannot be read as a batch of images")
    write_batch(path, 9999, labels=numbers(9999, 10))
    fails(cifar10.load_data, path, r"data: uint8 \(9999, 3072\), expected .*\(10000, 3072\)")
    write_batch(path, 10000, labels=[10] * 10000)
    fails(cifar10.load_data, path, "the label 10, expected .* from 0 to 9")
    write_batch(path, 10000, labels=[0] * 5)
    fails(cifar10.load_data, path, "labels: list of 5")
    write_batch(path, 10000, fine_labels=numbers(10000, 10))
    fails(cifar10.load_data, path, r"a dict of \['data', 'fine_labels'\]")
    path.write_bytes(pickle.dumps([1, 2]))
    fails(cifar10.load_data, path, "got list, expected a pickled dict")
    path.unlink()
    with pytest.raises(DataError, match="a folder without data_batch_3"):
        cifar10.load_data()


def test_a_batch_cannot_run_code(home, fails, tmp_path):
    class Evil:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",))

    folder = home / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    write_cifar10(folder)
    path = folder / "data_batch_1"
    path.write_bytes(pickle.dumps({b"data": Evil(), b"labels": []}))
    fails(cifar10.load_data, path, r"asks for builtins\.exec")
    assert not (tmp_path / "ran").exists()
