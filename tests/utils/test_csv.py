"""make_csv_dataset: types, defaults, selection, epochs, rows that are wrong; as TensorFlow documents them."""

from __future__ import annotations

import gzip
import logging
import zlib

import numpy as np
import pytest

import kerax
from kerax.utils import make_csv_dataset

from .folders import fill

PEOPLE = """age,big,height,wide,name,left
30,3000000000,1.5,1e300,Ann,0
,,,,,1
-4,5,2,3,"Bo, ""the"" third
of his name",1
"""


@pytest.fixture
def people(tmp_path):
    return fill(tmp_path, {"people.csv": PEOPLE}) / "people.csv"


def table(path, **options):
    """The columns of a single pass in order."""
    data = make_csv_dataset(path, 2, **{"num_epochs": 1, "shuffle": False, **options})
    batches = list(data.as_numpy_iterator())
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def test_types_are_inferred_and_missing_values_are_zero_or_empty(people):
    columns = table(people)
    assert {name: str(x.dtype) for name, x in columns.items()} == {
        "age": "int32", "big": "int64", "height": "float32", "wide": "float64", "name": "object", "left": "int32",
    }  # fmt: skip
    assert columns["age"].tolist() == [30, 0, -4]
    assert columns["big"].tolist() == [3_000_000_000, 0, 5]
    assert columns["height"].tolist() == [1.5, 0, 2]
    assert columns["wide"].tolist() == [1e300, 0, 3]
    texts = [text.decode() if isinstance(text, bytes) else text for text in columns["name"]]
    assert texts == ["Ann", "", 'Bo, "the" third\nof his name']


def test_the_label_leaves_the_features(people):
    data = make_csv_dataset(people, 2, label_name="left", num_epochs=1, shuffle=False)
    (features, labels), (_, last) = data
    assert list(features) == ["age", "big", "height", "wide", "name"]
    assert (labels.tolist(), last.tolist()) == ([0, 1], [1])
    spec, label = data.element_spec
    assert (spec["name"].dtype, label.dtype) == ("string", "int32")


def test_columns_are_selected_by_name_or_number_in_the_order_of_the_file(people):
    assert list(table(people, select_columns=["left", "age"])) == ["age", "left"]
    assert list(table(people, select_columns=[5, 0])) == ["age", "left"]
    columns = table(people, select_columns=["left", "height"], column_defaults=[7.5, "float32"])
    assert columns["height"].tolist() == [1.5, 7.5, 2]
    assert columns["left"].dtype == np.float32


@pytest.mark.parametrize(
    ("default", "dtype", "filled"),
    [
        (-1, "int32", -1),
        ([2.5], "float32", 2.5),
        (np.int64(9), "int64", 9),
        (np.array([0.5]), "float64", 0.5),
        ("none", "object", "none"),
        (["none"], "object", "none"),
        ("object", "object", "object"),
    ],
)
def test_a_default_gives_the_type_and_stands_for_missing_values(people, default, dtype, filled):
    column = table(people, select_columns=["age"], column_defaults=[default])["age"]
    assert column.dtype == dtype
    value = column[1]
    assert (value.decode() if isinstance(value, bytes) else value) == filled


@pytest.mark.parametrize("required", ["int32", np.int32, np.dtype("int32"), np.array([], "int32")])
def test_a_type_alone_means_that_values_must_be_there(people, required):
    with pytest.raises(
        ValueError, match=r"people\.csv', line 3, column 'age': got a value is missing.*column_defaults"
    ):
        table(people, select_columns=["age"], column_defaults=[required])
    assert table(people, select_columns=["left"], column_defaults=[required])["left"].tolist() == [0, 1, 1]


def test_a_text_can_mean_a_missing_value(tmp_path):
    fill(tmp_path, {"x.csv": "a,b\n1,NA\nNA,x\n"})
    columns = table(tmp_path / "x.csv", na_value="NA", column_defaults=[-1, "gone"])
    assert columns["a"].tolist() == [1, -1]
    assert [bytes(text).decode() if isinstance(text, bytes) else text for text in columns["b"]] == ["gone", "x"]
    assert table(tmp_path / "x.csv", na_value="NA")["a"].dtype == np.int32


@pytest.mark.parametrize(
    ("number", "dtype"),
    [
        ("2147483647", "int32"),
        ("-2147483648", "int32"),
        ("2147483648", "int64"),
        ("9223372036854775807", "int64"),
        ("9223372036854775808", "float32"),
        ("9" * 5000, "float32"),
        (" +7 ", "int32"),
        (".5", "float32"),
        ("1e-40", "float64"),
        ("-inf", "float32"),
        ("1_000", "object"),
        ("٣", "object"),
        ("0x10", "object"),
    ],
)
def test_the_narrowest_type_that_holds_a_number_is_taken(tmp_path, number, dtype):
    fill(tmp_path, {"x.csv": f"a,b\n1,{number}\n"})
    assert table(tmp_path / "x.csv")["b"].dtype == dtype


def test_the_first_rows_decide_the_types(tmp_path):
    fill(tmp_path, {"x.csv": "a\n" + "1\n" * 150 + "1.5\n"})
    with pytest.raises(ValueError, match=r"line 152, column 'a': got '1\.5' is no int32.*num_rows_for_inference=None"):
        table(tmp_path / "x.csv")
    assert table(tmp_path / "x.csv", num_rows_for_inference=None)["a"][-1] == 1.5
    fill(tmp_path, {"y.csv": "a\n1\n2\n2.5\n"})
    with pytest.raises(ValueError, match="line 4"):
        table(tmp_path / "y.csv", num_rows_for_inference=2)


@pytest.mark.parametrize("number", ["1_000", "0x10", "1,5", "99999999999", "nan", ""])
def test_what_is_no_int32_is_an_error(tmp_path, number):
    fill(tmp_path, {"x.csv": f'a,b\n1,2\n3,"{number}"\n'})
    with pytest.raises(ValueError, match="line 3, column 'b'"):
        table(tmp_path / "x.csv", column_defaults=["int32", "int32"])


def test_ragged_rows_are_named_by_file_and_line_or_left_out(tmp_path, caplog):
    fill(tmp_path, {"x.csv": 'a,b\n1,2\n\n"3\n",4\n5\n6,7,8\n9,10\n'})
    with pytest.raises(ValueError, match=r"x\.csv', line 6: got 1 fields, expected 2 fields.*ignore_errors"):
        table(tmp_path / "x.csv")
    with caplog.at_level(logging.WARNING, logger="kerax"):
        assert table(tmp_path / "x.csv", ignore_errors=True)["b"].tolist() == [2, 4, 10]
    assert "left out 2 rows" in caplog.text


def test_values_of_another_type_leave_out_their_rows(tmp_path, caplog):
    fill(tmp_path, {"x.csv": "a,b\n1,2\nx,3\n4,y\n5,6\n"})
    with caplog.at_level(logging.WARNING, logger="kerax"):
        columns = table(tmp_path / "x.csv", column_defaults=[0, 0], ignore_errors=True)
    assert (columns["a"].tolist(), columns["b"].tolist()) == ([1, 5], [2, 6])
    assert "left out 2 rows" in caplog.text


def test_a_quote_that_does_not_end_is_an_error_with_its_line(tmp_path):
    fill(tmp_path, {"x.csv": 'a,b\n1,2\n3,"4\n5,6\n'})
    with pytest.raises(ValueError, match=r"line 3: got unexpected end of data"):
        table(tmp_path / "x.csv")
    fill(tmp_path, {"y.csv": 'a,b\n1,"x"y\n'})
    with pytest.raises(ValueError, match=r"line 2: got .*expected after"):
        table(tmp_path / "y.csv")
    assert table(tmp_path / "y.csv", use_quote_delim=False)["b"][0] in ('"x"y', b'"x"y')


def test_several_files_are_one_and_must_agree(tmp_path):
    fill(tmp_path, {"1.csv": "a,b\n1,2\n", "2.csv": "a,b\n3,4\n"})
    assert table(str(tmp_path / "*.csv"))["a"].tolist() == [1, 3]
    assert table([tmp_path / "2.csv", tmp_path / "1.csv"])["a"].tolist() == [1, 3]
    fill(tmp_path, {"3.csv": "b,a\n5,6\n"})
    with pytest.raises(ValueError, match=r"3\.csv': got columns \['b', 'a'\], expected \['a', 'b'\]"):
        table(str(tmp_path / "*.csv"))
    assert table(str(tmp_path / "*.csv"), column_names=["x", "y"])["x"].tolist() == [1, 3, 5]


def test_files_without_names_need_them(tmp_path):
    fill(tmp_path, {"x.csv": "1,2\n3,4\n"})
    assert table(tmp_path / "x.csv", header=False, column_names=["a", "b"])["b"].tolist() == [2, 4]
    with pytest.raises(ValueError, match="header=False without column_names"):
        table(tmp_path / "x.csv", header=False)


@pytest.mark.parametrize(("kind", "packed"), [("GZIP", gzip.compress), ("ZLIB", zlib.compress)])
def test_packed_files_other_delimiters_and_encodings(tmp_path, kind, packed):
    text = "\ufeffname;size\nÄpfel;1\n"
    fill(tmp_path, {"x.csv": packed(text.encode()), "y.csv": "name;size\nÄpfel;1\n".encode("latin-1")})
    columns = table(tmp_path / "x.csv", field_delim=";", compression_type=kind)
    assert list(columns) == ["name", "size"]
    assert table(tmp_path / "y.csv", field_delim=";", encoding="latin-1")["size"].tolist() == [1]
    with pytest.raises(ValueError, match=r"y\.csv'.*utf-8.*encoding="):
        table(tmp_path / "y.csv", field_delim=";")
    with pytest.raises(ValueError, match=r"y\.csv'.*compression_type="):
        table(tmp_path / "y.csv", field_delim=";", compression_type=kind)


def test_fields_of_a_megabyte_are_read(tmp_path):
    fill(tmp_path, {"x.csv": "text,n\n" + "a" * 1_000_000 + ",1\n"})
    assert len(table(tmp_path / "x.csv")["text"][0]) == 1_000_000


def test_without_a_number_of_epochs_there_is_no_end_and_every_batch_is_full(tmp_path):
    fill(tmp_path, {"x.csv": "a\n1\n2\n3\n"})
    data = make_csv_dataset(tmp_path / "x.csv", 2)
    assert int(data.cardinality()) == -1
    batches = [batch["a"].tolist() for batch in data.take(6)]
    assert all(len(batch) == 2 for batch in batches)
    assert sorted(value for batch in batches for value in batch) == [1] * 4 + [2] * 4 + [3] * 4
    twice = make_csv_dataset(tmp_path / "x.csv", 4, num_epochs=2, shuffle=False)
    assert [batch["a"].tolist() for batch in twice] == [[1, 2, 3, 1], [2, 3]]


def test_the_order_follows_from_the_seed_and_changes_from_epoch_to_epoch(tmp_path):
    fill(tmp_path, {"x.csv": "a\n" + "\n".join(map(str, range(30))) + "\n"})

    def epochs(seed):
        data = make_csv_dataset(tmp_path / "x.csv", 30, num_epochs=2, shuffle_seed=seed)
        return [batch["a"].tolist() for batch in data]

    first, second = epochs(1)
    assert first != second != sorted(second)
    assert epochs(1) == [first, second]
    assert epochs(2) != [first, second]


MISTAKES = {
    "no such file": ({"file_pattern": "nowhere*.csv"}, r"no file that matches 'nowhere\*\.csv'"),
    "an unknown label": ({"label_name": "size"}, r"label_name='size'.*'age'"),
    "a label that is not selected": (
        {"label_name": "left", "select_columns": ["age"]},
        r"one of the columns \['age'\]",
    ),
    "an unknown column": ({"select_columns": ["foo"]}, "'foo' in select_columns"),
    "a number beyond": ({"select_columns": [6]}, "6 in select_columns"),
    "a column twice": ({"select_columns": [0, "age"]}, "each column once"),
    "too few defaults": ({"column_defaults": [0]}, "1 column_defaults, expected 6"),
    "a default of no type": ({"select_columns": [0], "column_defaults": [1 + 2j]}, "column_defaults.*int32"),
    "two defaults in one": ({"select_columns": [0], "column_defaults": [[1, 2]]}, "a single value"),
    "a batch of none": ({"batch_size": 0}, "batch_size=0"),
    "an unknown packing": ({"compression_type": "ZIP"}, "compression_type='ZIP'"),
    "names twice": ({"column_names": ["a", "a", "b", "c", "d", "e"]}, r"\['a'\] more than once"),
    "too few names": ({"column_names": ["a", "b"]}, r"line 2: got 6 fields, expected 2"),
    "no rows to infer from": ({"num_rows_for_inference": 0}, "num_rows_for_inference=0"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_value_error_that_says_what_is_wrong(people, mistake):
    options, message = MISTAKES[mistake]
    with pytest.raises(ValueError, match=message):
        make_csv_dataset(**{"file_pattern": people, "batch_size": 2, **options})


def test_files_without_rows_are_errors(tmp_path):
    fill(tmp_path, {"empty.csv": "", "bare.csv": "a,b\n"})
    with pytest.raises(ValueError, match=r"empty\.csv': got no first line with names"):
        table(tmp_path / "empty.csv")
    with pytest.raises(ValueError, match=r"no rows in .*bare\.csv"):
        table(tmp_path / "bare.csv")


def test_a_model_trains_on_the_columns(tmp_path, rng):
    x = rng.normal(size=(64, 2)).round(3)
    rows = "".join(f"{a},{b},{2 * a - b + 1}\n" for a, b in x)
    fill(tmp_path, {"line.csv": "a,b,y\n" + rows})
    data = make_csv_dataset(tmp_path / "line.csv", 16, label_name="y", shuffle_seed=1)
    inputs = {name: kerax.Input((1,), name=name) for name in "ab"}
    outputs = kerax.layers.Dense(1)(kerax.layers.Concatenate()(list(inputs.values())))
    model = kerax.Model(inputs, outputs)
    model.compile(kerax.optimizers.SGD(0.1), "mse")
    losses = model.fit(
        data.map(lambda features, y: ({name: value[:, None] for name, value in features.items()}, y)),
        steps_per_epoch=20,
        epochs=3,
        verbose=0,
    ).history["loss"]
    assert losses[-1] < losses[0] / 20
