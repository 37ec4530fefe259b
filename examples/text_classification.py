"""Tell praise from complaint in short reviews, and save one model that reads raw text.

The reviews are put together from a few hundred phrases, so nothing is downloaded; "not" turns a phrase into its
opposite, so the order of words counts. A vectorizer learns the vocabulary, a network is trained on its integers, and at
the end both become one model that takes strings: saved, loaded, and asked. Takes about 20 seconds.
"""

import tempfile
from pathlib import Path

import numpy as np

import kerax as keras
from kerax import layers

PRAISE = "brilliant moving funny superb charming gripping clever beautiful warm unforgettable".split()
COMPLAINT = "dull clumsy boring awful tedious shallow noisy predictable cold forgettable".split()
THINGS = "plot acting music ending script camera cast dialogue pacing story hero villain".split()
FRAMES = [
    "The {thing} is {word}.",
    "I found the {thing} {word}",
    "what a {word} {thing}!",
    "{word} {thing}, honestly",
    "You will call the {thing} {word}...",
    "Its {thing}: {word}.",
]
LENGTH = 24


def review(rng, label):
    """Two to four phrases of one opinion, some of them the other's with a "not"."""
    phrases = []
    for _ in range(rng.integers(2, 5)):
        turned = rng.random() < 0.3
        word = rng.choice(PRAISE if bool(label) != turned else COMPLAINT)
        frame = rng.choice(FRAMES)
        phrases.append(frame.format(thing=rng.choice(THINGS), word=f"not {word}" if turned else word))
    return " ".join(phrases)


def reviews(count, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    return np.array([review(rng, label) for label in labels], object), labels.astype("float32")


def network(vocabulary_size):
    """Pairs of neighbouring words are looked for by a convolution; the strongest find counts."""
    return keras.Sequential(
        [
            keras.Input((LENGTH,), dtype="int64"),
            layers.Embedding(vocabulary_size, 16),
            layers.Conv1D(32, 2, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dropout(0.2),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="opinion",
    )


def main():
    keras.utils.set_random_seed(1)
    train, test = reviews(3000, seed=0), reviews(600, seed=1)
    print(f"For instance: {train[0][0]!r} is {'praise' if train[1][0] else 'a complaint'}.")

    vectorizer = layers.TextVectorization(max_tokens=1000, output_sequence_length=LENGTH)
    vectorizer.adapt(train[0])
    print(f"{vectorizer.vocabulary_size()} words; the most frequent: {vectorizer.get_vocabulary()[2:8]}")

    model = network(vectorizer.vocabulary_size())
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(vectorizer(train[0]), train[1], epochs=10, validation_split=0.1, verbose=2)

    whole = keras.Sequential([keras.Input((1,), dtype="string"), vectorizer, model])
    whole.compile(loss="binary_crossentropy", metrics=["accuracy"])
    loss, accuracy = whole.evaluate(*test, verbose=0)
    print(f"On raw text it has not seen: loss {loss:.3f}, accuracy {accuracy:.3f}")
    assert accuracy > 0.9, "it should have learned to read"

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "opinion.keras"
        whole.save(path)
        loaded = keras.models.load_model(path)
    asked = [
        "A superb, moving story!",
        "Not funny. The pacing is tedious",
        "the music is not dull, the cast is charming",
    ]
    answers = loaded.predict(asked, verbose=0)[:, 0]
    for text, answer in zip(asked, answers, strict=True):
        print(f"{answer:.2f}  {text}")
    assert np.array_equal(answers > 0.5, [True, False, True])


if __name__ == "__main__":
    main()
