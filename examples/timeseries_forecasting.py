"""Forecast a day ahead: windows of an hourly series, a recurrent network, and what it has to beat.

`python timeseries_forecasting.py [series.csv]` takes a CSV of numbers, one row an hour, whose first column is
forecast. Without a file it makes two years of temperature and pressure: seasons, days, and weather that comes
and goes. Takes about 40 seconds.

A forecast is worth something when it beats the simplest one: tomorrow at this hour is like today.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import kerax as keras
from kerax import layers

PAST, AHEAD, STEP = 72, 24, 3  # hours seen, hours ahead, hours between two of those seen


def made(path, hours=2 * 365 * 24):
    """Temperature and pressure. Pressure falls hours before it gets warmer."""
    rng = np.random.default_rng(0)
    hour = np.arange(hours)
    front = np.convolve(rng.normal(size=hours + 96), np.hanning(97) / 12, mode="valid")
    warm = 8 * np.roll(front, 24)
    temperature = 10 - 9 * np.cos(2 * np.pi * hour / 8766) - 4 * np.cos(2 * np.pi * (hour - 3) / 24) + warm
    temperature += rng.normal(size=hours) * 0.5
    pressure = 1013 - 9 * front + rng.normal(size=hours) * 0.5
    rows = (f"{a:.2f},{b:.2f}" for a, b in zip(temperature, pressure))
    path.write_text("temperature,pressure\n" + "\n".join(rows) + "\n")


def load(path):
    """(hours, columns), in order."""
    data = keras.utils.make_csv_dataset(path, 1024, num_epochs=1, shuffle=False)
    return np.concatenate([np.stack([*batch.values()], axis=1) for batch in data]).astype("float32")


def windows(series, begin, end, shuffle=False):
    """Batches of (what was seen, the first column `AHEAD` hours after the last of it)."""
    last = PAST - STEP
    return keras.utils.timeseries_dataset_from_array(
        series[begin : end - AHEAD - last],
        series[begin + last + AHEAD : end, 0],
        sequence_length=PAST // STEP,
        sampling_rate=STEP,
        batch_size=256,
        shuffle=shuffle,
        seed=1,
    )


def main(path=None):
    keras.utils.set_random_seed(0)
    with tempfile.TemporaryDirectory() as own:
        if path is None:
            path = Path(own) / "made.csv"
            made(path)
        series = load(path)
    cut = int(0.7 * len(series))
    mean, deviation = series[:cut].mean(axis=0), series[:cut].std(axis=0)
    series = (series - mean) / deviation
    train, validation = windows(series, 0, cut, shuffle=True), windows(series, cut, len(series))

    model = keras.Sequential([layers.GRU(32), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(5e-3), loss="mse", metrics=["mae"])
    stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    model.fit(train, validation_data=validation, epochs=6, callbacks=[stop], verbose=2)

    error = model.evaluate(validation, verbose=0, return_dict=True)["mae"] * deviation[0]
    like_today = np.concatenate([np.asarray(x)[:, -1, 0] - np.asarray(y) for x, y in validation])
    simple = np.abs(like_today).mean() * deviation[0]
    print(f"Mean error {AHEAD} hours ahead: {error:.2f}; as today: {simple:.2f}")
    if error > 0.9 * simple:
        raise SystemExit("It learned less than it should.")


if __name__ == "__main__":
    main(*sys.argv[1:])
