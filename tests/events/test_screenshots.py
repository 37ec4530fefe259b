"""The pages of TensorBoard, looked at through a headless browser where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTH, HEIGHT = 1280, 800
MAIN = (slice(130, HEIGHT), slice(340, WIDTH))  # below the bars, to the right of the settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome on this machine"),
]


@pytest.fixture
def page(board, tmp_path):
    """Takes a picture of a page: (height, width, 3) of uint8."""

    def look(name: str) -> np.ndarray:
        target = tmp_path / "page.png"
        options = [
            "--headless=new",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--window-size={WIDTH},{HEIGHT}",
            "--force-device-scale-factor=1",
            "--virtual-time-budget=20000",  # of the page's own clock: until it has drawn what it fetched
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--screenshot={target}",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]
        subprocess.run([CHROMIUM, *options, f"{board.url}/#{name}"], check=True, capture_output=True, timeout=120)
        if folder := os.environ.get("KERAX_SCREENSHOTS"):  # for docs/images
            shutil.copy(target, os.path.join(folder, f"tensorboard_{name.partition('&')[0]}.png"))
        return np.asarray(Image.open(target).convert("RGB")).astype(int)

    return look


def coloured(pixels: np.ndarray) -> np.ndarray:
    """Where there is a colour, not a gray."""
    return pixels.max(axis=-1) - pixels.min(axis=-1) > 60


def rows_of_text(pixels: np.ndarray, apart: int) -> int:
    """The lines of text, or rows of a table, that lie at least so many pixels apart."""
    ink = np.flatnonzero((pixels.max(axis=-1) < 140).any(axis=1))
    return np.count_nonzero(np.diff(ink) > apart) + 1


def test_the_scalars_page_draws_lines_in_the_colours_of_the_runs(page):
    main = page("scalars")[MAIN]
    colours = {tuple(colour) for colour in main[coloured(main)]}
    assert (255, 112, 67) in colours  # TensorBoard's first colour, of fit/train
    assert coloured(main).sum() > 500


def test_the_graphs_page_draws_each_layer(page):
    assert rows_of_text(page("graphs&run=fit%2Ftrain")[MAIN], apart=20) == 5  # with the input


def test_the_hparams_page_shows_a_table_of_the_trials(page):
    pixels = page("hparams")
    assert (np.abs(pixels[100, 500] - [245, 124, 0]) < 12).all()  # the bar of its three views
    assert rows_of_text(pixels[slice(190, HEIGHT), slice(270, WIDTH)], apart=12) == 3  # trials
