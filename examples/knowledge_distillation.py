"""Knowledge distillation: a small network learns a digit it never sees, from what a large one thinks of others.

A teacher reads scikit-learn's handwritten digits. Its student gets no image of a 3, as in the experiment of Hinton,
Vinyals and Dean (arXiv:1503.02531): what a 3 is like, only the teacher's doubts tell. A `Distiller` overrides
`compute_loss`; the rest of `fit` stays as it is. Takes about 40 seconds; with `--quick`, about ten.
"""

import sys

import numpy as np
from sklearn.datasets import load_digits

import kerax as keras
from kerax import layers, ops

UNSEEN = 3
ACCURACY = "sparse_categorical_accuracy"


def load(seed):
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    x, y = (digits.images[order, ..., np.newaxis] / 16).astype("float32"), digits.target[order]
    return (x[:1280], y[:1280]), (x[1280:], y[1280:])


def build_teacher():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, kernel_size=3, padding="same", activation="relu"),
            layers.Conv2D(32, kernel_size=3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, kernel_size=3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10),
        ],
        name="teacher",
    )


def build_student():
    return keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(10)],
        name="student",
    )


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.student = student
        self.teacher = teacher
        self.teacher.trainable = False  # it is a part of this model now, and must not learn from the student

    def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.1, temperature=3):
        """`alpha` weighs the labels against the teacher; a high temperature shows what it holds for nearly right."""
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha = alpha
        self.temperature = temperature

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        teacher_pred = self.teacher(x, training=False)
        student_loss = self.student_loss_fn(y, y_pred)
        # Gradients shrink with the square of the temperature; the factor gives it back.
        distillation_loss = self.temperature**2 * self.distillation_loss_fn(
            ops.softmax(teacher_pred / self.temperature, axis=1),
            ops.softmax(y_pred / self.temperature, axis=1),
        )
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def call(self, x):
        return self.student(x)


def main(quick: bool = False, seed: int = 0) -> dict:
    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = load(seed)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    teacher = build_teacher()
    teacher.compile(keras.optimizers.Adam(2e-3), loss_fn, metrics=[ACCURACY])
    teacher.fit(x_train, y_train, epochs=10 if quick else 40, batch_size=64, verbose=0)
    before = teacher.get_weights()

    student = build_student()
    alone = keras.models.clone_model(student)
    alone.set_weights(student.get_weights())  # the same start for both
    x_train, y_train = x_train[y_train != UNSEEN], y_train[y_train != UNSEEN]
    epochs = 40 if quick else 200

    distiller = Distiller(student=student, teacher=teacher)
    distiller.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        student_loss_fn=loss_fn,
        distillation_loss_fn=keras.losses.KLDivergence(),
        alpha=0.1,
        temperature=8,
    )
    distiller.fit(x_train, y_train, epochs=epochs, batch_size=64, verbose=0)
    alone.compile(keras.optimizers.Adam(1e-2), loss_fn, metrics=[ACCURACY])
    alone.fit(x_train, y_train, epochs=epochs, batch_size=64, verbose=0)

    def right(model, which=slice(None)):
        return float(model.evaluate(x_test[which], y_test[which], verbose=0, return_dict=True)[ACCURACY])

    figures = {name: right(model) for name, model in (("teacher", teacher), ("student", distiller), ("alone", alone))}
    figures["student_on_unseen"] = right(distiller, y_test == UNSEEN)
    figures["alone_on_unseen"] = right(alone, y_test == UNSEEN)
    figures["teacher_moved"] = any((a != b).any() for a, b in zip(before, teacher.get_weights()))
    print("Test images read correctly:")
    print(f"  teacher, {teacher.count_params():,} parameters            {figures['teacher']:.1%}")
    for name, what in (("student", "taught by it"), ("alone", "from labels ")):
        print(f"  without any {UNSEEN}, {student.count_params():,}, {what}  {figures[name]:.1%}, ", end="")
        print(f"and {figures[f'{name}_on_unseen']:.1%} of the {UNSEEN}s")
    return figures


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
