"""Tables of embeddings for the Projector tab: files of tabs, and the text that names them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .._host.files import atomic_write

__all__ = ["write_projector"]

CONFIG = "projector_config.pbtxt"  # where the plugin looks, in the folder of a run


def write_projector(run: Path, tables: dict[str, np.ndarray], metadata: dict[str, Path]) -> None:
    """Write embeddings, in the place of those written before.

    Args:
        run: the folder of the run.
        tables: name -> (rows, columns).
        metadata: name -> file with a line for each row, with names of columns first where there are several. The
            plugin reads nothing outside of the run, so it is copied there.
    """
    entries = []
    for name, table in tables.items():
        folder = Path("embeddings") / name.replace("/", "_")
        (run / folder).mkdir(parents=True, exist_ok=True)
        _write(run / folder / "tensors.tsv", "".join(map(_line, np.asarray(table, "float32"))))
        entry = {"tensor_name": name, "tensor_path": (folder / "tensors.tsv").as_posix()}
        if name in metadata:
            _write(run / folder / "metadata.tsv", metadata[name].read_text(encoding="utf-8"))
            entry["metadata_path"] = (folder / "metadata.tsv").as_posix()
        fields = "".join(f'  {key}: "{_escaped(value)}"\n' for key, value in entry.items())
        sizes = "".join(f"  tensor_shape: {size}\n" for size in np.shape(table))
        entries.append(f"embeddings {{\n{fields}{sizes}}}\n")
    _write(run / CONFIG, "".join(entries))


def _line(row: np.ndarray) -> str:
    return "\t".join(f"{number:.7g}" for number in row.tolist()) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _write(path: Path, text: str) -> None:
    with atomic_write(path, "w", encoding="utf-8") as file:
        file.write(text)
