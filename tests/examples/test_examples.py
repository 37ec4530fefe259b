"""Every example runs from start to end, in a process and a folder of its own, and learns what it says."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def python(folder, *arguments):
    """What a Python process prints that runs in `folder`, without devices or settings of the tests."""
    environment = {**os.environ, "KERAS_HOME": str(folder / "keras"), "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT)}
    environment.pop("XLA_FLAGS", None)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def the_gan_draws_digits_of_many_kinds(figures):
    assert all(map(math.isfinite, figures["g_loss"] + figures["d_loss"]))
    assert figures["distance_after"] < figures["distance_before"] / 2
    assert figures["variety"] > 0.5


def the_elbo_rises_and_the_code_means_something(figures):
    assert figures["elbo_after"] > figures["elbo_before"] + 10
    assert figures["history"]["total_loss"][-1] < figures["history"]["total_loss"][0]
    assert figures["kl_after"] > 1  # a code that is not used costs nothing
    assert figures["same_digit_as_neighbour"] > 0.4  # by chance it would be 0.1


def the_loop_learns_and_compiling_it_pays(figures):
    assert figures["losses"][-1] < figures["losses"][0] / 2
    assert figures["val_accuracy"][0] < 0.3
    assert figures["val_accuracy"][-1] > 0.9
    assert figures["train_accuracy"][-1] > figures["train_accuracy"][0] + 0.2
    assert figures["compiled_ms"] < figures["eager_ms"]  # by a factor of about fifty


def the_penalty_pulls_norms_to_one_and_no_centre_is_forgotten(figures):
    assert figures["norm_before"] < 0.5
    assert figures["norm_after"] == pytest.approx(1, abs=0.2)
    assert figures["centres_found"] == 8
    assert all(math.isfinite(x) for values in figures["history"].values() for x in values)


def the_student_knows_what_only_its_teacher_saw(figures):
    assert figures["teacher"] > 0.95
    assert figures["student"] > figures["alone"] + 0.03
    assert figures["alone_on_unseen"] == 0
    assert figures["student_on_unseen"] > 0.5
    assert not figures["teacher_moved"]


def features_learned_without_labels_need_few(figures):
    assert figures["history"]["loss"][-1] < figures["history"]["loss"][0] - 1
    assert figures["history"]["partner_found"][-1] > 0.3  # by chance it would be 0.002
    assert figures["probe_of_learned_features"] > figures["probe_of_random_features"] + 0.04


def one_step_is_enough_after_meta_learning(figures):
    assert figures["after"] < figures["before"] / 2
    assert figures["after"] < figures["untrained_after"] / 2


def images_change_until_they_excite(figures):
    for name in ("its dream", "one filter", "one digit"):
        assert figures[name]["after"] > figures[name]["before"], name
        assert 0.01 < figures[name]["change"] < 1, name
    assert figures["digits_read"] == list(range(10))


def every_layer_changes_the_photograph_each_time_anew(figures):
    assert figures["shape"] == [120, 180, 3]
    assert min(figures["changes"].values()) > 1
    assert min(figures["variety"].values()) > 0.5
    flower, *moved = (boxes[0] for boxes in figures["boxes"])
    assert all(0 <= number <= 1 for box in moved for number in box)
    assert len({tuple(box) for box in (flower, *moved)}) == 5


TUTORIALS = {
    "contrastive_learning": features_learned_without_labels_need_few,
    "dcgan": the_gan_draws_digits_of_many_kinds,
    "deep_dream": images_change_until_they_excite,
    "image_augmentation": every_layer_changes_the_photograph_each_time_anew,
    "knowledge_distillation": the_student_knows_what_only_its_teacher_saw,
    "maml": one_step_is_enough_after_meta_learning,
    "training_loop_from_scratch": the_loop_learns_and_compiling_it_pays,
    "variational_autoencoder": the_elbo_rises_and_the_code_means_something,
    "wgan_gp": the_penalty_pulls_norms_to_one_and_no_centre_is_forgotten,
}
SCRIPTS = sorted(path for path in EXAMPLES.glob("*.py") if path.stem not in TUTORIALS)
PICTURES = {name: f"{name}.png" for name in ("deep_dream", "image_augmentation", "quickstart")}


def drew_its_picture(name, folder):
    return name not in PICTURES or (folder / PICTURES[name]).stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_example_runs_and_learns(script, tmp_path):
    python(tmp_path, str(script))
    assert drew_its_picture(script.stem, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", TUTORIALS)
def test_the_tutorial_learns_what_it_says(name, tmp_path):
    run = f"import json, sys; sys.path.insert(0, {str(EXAMPLES)!r}); import {name}; figures = {name}.main(quick=True)"
    printed = python(tmp_path, "-c", f"{run}; print(json.dumps(figures, default=float))")
    TUTORIALS[name](json.loads(printed.splitlines()[-1]))
    assert drew_its_picture(name, tmp_path)


@pytest.mark.parametrize("name", TUTORIALS)
def test_the_tutorial_says_what_quick_is_and_takes_it(name):
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert "`--quick`" in source.partition('"""\n')[0]
    assert source.endswith('if __name__ == "__main__":\n    main(quick="--quick" in sys.argv)\n')


@pytest.mark.slow
def test_the_example_of_tables_learns_from_a_file(tmp_path):
    from sklearn.datasets import load_iris

    iris = load_iris(as_frame=True)
    table = iris.data.rename(columns=lambda name: name.replace(" (cm)", "").replace(" ", "_"))
    table.insert(0, "species", iris.target_names[iris.target])
    table["long"] = np.where(table["petal_length"] > 4, "yes", "NA")
    table.to_csv(tmp_path / "iris.csv", index=False)
    printed = python(tmp_path, str(EXAMPLES / "structured_data.py"), "iris.csv")
    assert "species, one of ['setosa', 'versicolor', 'virginica']" in printed
