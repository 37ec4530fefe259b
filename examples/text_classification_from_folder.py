"""Tell praise from complaint in reviews that lie in folders, and export one program that reads text.

`python text_classification_from_folder.py [folder]` takes a folder such as

    reviews/train/neg/1.txt  reviews/train/pos/2.txt  …  reviews/test/neg/3.txt  reviews/test/pos/4.txt  …

Without one it writes its own reviews: phrases in which "not" turns a word into its opposite, so that the order of words
counts. A vectorizer learns words and pairs of words in one pass over the files, a network is trained on which of them
occur, and at the end both become one model that takes strings, which is exported and asked. Takes ten seconds.
"""

import sys
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


def review(rng, positive):
    """Two to four phrases of one opinion, some of them the other's with a "not"."""
    phrases = []
    for _ in range(rng.integers(2, 5)):
        turned = rng.random() < 0.3
        word = rng.choice(PRAISE if positive != turned else COMPLAINT)
        frame = rng.choice(FRAMES)
        phrases.append(frame.format(thing=rng.choice(THINGS), word=f"not {word}" if turned else word))
    return " ".join(phrases)


def write_reviews(folder):
    rng = np.random.default_rng(0)
    for subset, count in (("train", 1000), ("test", 200)):
        for label in ("neg", "pos"):
            home = Path(folder) / subset / label
            home.mkdir(parents=True)
            for number in range(count):
                (home / f"{number}.txt").write_text(review(rng, label == "pos"), encoding="utf8")


def network(terms):
    return keras.Sequential(
        [
            keras.Input((terms,)),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="opinion",
    )


def main(folder=None):
    keras.utils.set_random_seed(1)
    with tempfile.TemporaryDirectory() as own:
        if folder is None:
            write_reviews(own)
        home = Path(folder or own)
        train, validation = keras.utils.text_dataset_from_directory(
            home / "train", batch_size=32, validation_split=0.1, subset="both", seed=1
        )
        test = keras.utils.text_dataset_from_directory(home / "test", batch_size=32, shuffle=False)

        vectorizer = layers.TextVectorization(max_tokens=20_000, ngrams=2, output_mode="multi_hot")
        vectorizer.adapt(train.map(lambda text, label: text))
        terms = vectorizer.get_vocabulary()
        print(f"{len(terms)} words and pairs of words, such as {terms[100:104]}; classes: {train.class_names}")

        model = network(len(terms))
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        patience = keras.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
        train, validation = (
            part.map(lambda text, label: (vectorizer(text), label)).cache() for part in (train, validation)
        )
        model.fit(train, validation_data=validation, epochs=15, callbacks=[patience], verbose=2)

        reader = keras.Sequential([keras.Input((1,), dtype="string"), vectorizer, model])
        reader.compile(loss="binary_crossentropy", metrics=["accuracy"])
        loss, accuracy = reader.evaluate(test, verbose=0)
        print(f"On the texts of the test set: loss {loss:.3f}, accuracy {accuracy:.3f}; by chance it would be 0.5.")
        if accuracy < 0.75:
            raise SystemExit("It learned less than it should.")

        reader.export(Path(own) / "reader", verbose=False)
        served = keras.export.load(Path(own) / "reader")
    asked = ["A superb, moving story!", "Not funny. The pacing is tedious", "the music is not dull, the cast is warm"]
    answers = np.asarray(served(asked))[:, 0]
    for text, answer in zip(asked, answers, strict=True):
        print(f"{answer:.2f}  {text}")
    if folder is None and list(answers > 0.5) != [True, False, True]:
        raise SystemExit("It misread one of its own kind.")


if __name__ == "__main__":
    main(*sys.argv[1:])
