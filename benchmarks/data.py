"""How fast files become batches: `python -m benchmarks.data [folder of classes]`.

Images a second of `image_dataset_from_directory`, beside Pillow in a pool of as many threads as there are cores, which
reads, resizes and stacks the same files, and beside Keras's loader on Grain. All in one process, in turns; the best
pass counts, since the machine is shared. Without a folder, photographs are imitated: JPEGs of 500 x 375 pixels.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

import kerax

BATCH = 32
SIZE = (180, 180)
COUNT = 1000
PASSES = 5


def imitations(folder: Path, count: int = COUNT) -> Path:
    """JPEGs with the detail of photographs, in two classes."""
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype="uint8")).resize((500, 375), 3)
        noise = rng.normal(0, 6, (375, 500, 3))
        pixels = np.clip(np.asarray(coarse) + noise, 0, 255).astype("uint8")
        path = folder / f"class_{number % 2}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, quality=90)
    return folder


def pillow(paths: list[str], threads: int) -> Iterator[np.ndarray]:
    """Batches by Pillow alone; a batch is read ahead."""

    def load(path: str) -> np.ndarray:
        with Image.open(path) as image:
            small = image.convert("RGB").resize(SIZE[::-1], Image.Resampling.BILINEAR)
        return np.asarray(small, "float32")

    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(load, path) for path in paths[: 2 * BATCH]]
        for start in range(0, len(paths), BATCH):
            batch = np.stack([one.result() for one in waiting[start : start + BATCH]])
            following = start + 2 * BATCH
            waiting += [pool.submit(load, path) for path in paths[following : following + BATCH]]
            waiting[start : start + BATCH] = [None] * len(batch)
            yield batch


def rates(contestants: dict[str, Callable], count: int, passes: int) -> dict[str, float]:
    """The best images a second of each; `count` for each pass through one."""
    best = dict.fromkeys(contestants, 0.0)
    for _ in range(passes):
        for name, batches in contestants.items():
            start = time.perf_counter()
            seen = sum(len(batch[0]) if isinstance(batch, tuple) else len(batch) for batch in batches())
            assert seen == count, (name, seen)
            best[name] = max(best[name], count / (time.perf_counter() - start))
    return best


def listing(classes: int = 200, files: int = 1000) -> float:
    """Seconds to list so many classes of so many files."""
    with tempfile.TemporaryDirectory() as name:
        for number in range(classes):
            folder = Path(name) / f"{number:03}"
            folder.mkdir()
            for file in range(files):
                os.close(os.open(folder / f"{file}.txt", os.O_CREAT | os.O_WRONLY))
        start = time.perf_counter()
        kerax.utils.text_dataset_from_directory(name, seed=1, verbose=False)
        return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", help="a folder of images, one folder a class")
    parser.add_argument("--passes", type=int, default=PASSES)
    parser.add_argument("--keras", action="store_true", help="also Keras's loader, which is slow")
    arguments = parser.parse_args()
    threads = os.cpu_count() or 2
    with tempfile.TemporaryDirectory() as name:
        folder = arguments.folder or imitations(Path(name))
        options = {"image_size": SIZE, "batch_size": BATCH, "seed": 1, "verbose": False}
        data = kerax.utils.image_dataset_from_directory(folder, **options)
        paths = data.file_paths
        found = rates(
            {"kerax": lambda: data, "Pillow": lambda: pillow(paths, threads)}, len(paths), arguments.passes
        )  # fmt: skip
        if arguments.keras:
            import keras

            theirs = keras.utils.image_dataset_from_directory(folder, format="grain", **options)
            found |= rates({"Keras on Grain": lambda: theirs}, len(paths), 2)
    print(f"{len(paths)} images to {SIZE[0]} x {SIZE[1]}, {threads} threads")
    for name, rate in found.items():
        print(f"  {name:16} {rate:8.0f} images/s, {rate / found['Pillow']:.2f} of Pillow")
    print(f"200 classes of 1,000 files: listed in {listing():.2f} s")


if __name__ == "__main__":
    main()
