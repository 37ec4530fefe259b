"""The home folder, checksums, atomic writes, downloads. A server on this machine stands for the network."""

import contextlib
import hashlib
import http.server
import os
import tempfile
import threading

import pytest

from kerax._errors import DataError
from kerax._host import files

BODY = b"0123456789" * 100_000


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("KERAS_HOME", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return folder


@pytest.fixture
def server():
    """Serves BODY at /good and less of it than announced at /short; anything else is 404."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path not in ("/good", "/short"):
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY if self.path == "/good" else BODY[:1000])

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_home_is_asked_for_at_every_call(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert files.home() == tmp_path
    monkeypatch.setenv("KERAS_HOME", "~/elsewhere")
    assert files.home() == files.Path.home() / "elsewhere"
    monkeypatch.delenv("KERAS_HOME")
    assert files.home() == files.Path.home() / ".keras"


def test_a_file_is_looked_for_at_home_then_in_the_spare_folder(home, tmp_path):
    assert files.cached("a.npz") is None
    spare = tmp_path / "temporary" / ".keras" / "datasets" / "a.npz"
    spare.parent.mkdir(parents=True)
    spare.touch()
    assert files.cached("a.npz") == spare
    own = home / "datasets" / "a.npz"
    own.parent.mkdir(parents=True)
    own.touch()
    assert files.cached("a.npz") == own
    assert files.cached(str(spare)) == spare


def test_writing_goes_to_the_spare_folder_when_home_cannot_be_made(home, tmp_path):
    home.write_text("a file where the folder should be")
    assert files.folder_for("datasets") == tmp_path / "temporary" / ".keras" / "datasets"
    (tmp_path / "temporary" / ".keras").rename(tmp_path / "gone")
    (tmp_path / "temporary" / ".keras").touch()
    with pytest.raises(DataError, match="no permission to write to .*home.datasets.*set KERAS_HOME"):
        files.folder_for("datasets")


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_checksums_are_told_apart_by_their_length(tmp_path, algorithm):
    path = tmp_path / "data"
    path.write_bytes(BODY)
    checksum = hashlib.new(algorithm, BODY).hexdigest()
    assert files.file_hash(path, algorithm) == checksum
    assert files.matches(path, checksum.upper())
    assert not files.matches(path, checksum[::-1])


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "notes.txt"
    with files.atomic_write(path, "w", encoding="utf-8") as file:
        file.write("old")

    def interrupted():
        with files.atomic_write(path, "w") as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["notes.txt"]
    with files.atomic_write(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_written_file_has_the_usual_permissions(tmp_path):
    with files.atomic_write(tmp_path / "ours") as file:
        file.write(b"")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_fetch_downloads_once(home, server, capsys):
    checksum = hashlib.sha256(BODY).hexdigest()
    path = files.fetch("data.bin", f"{server}/good", checksum)
    assert path == home / "datasets" / "data.bin"
    assert path.read_bytes() == BODY
    captured = capsys.readouterr()
    assert (
        captured.err == f"Downloading {server}/good (1.0 MB)\n"
    )  # a log file gets one line, and no output is mixed in
    assert captured.out == ""
    assert files.fetch("data.bin", "http://nowhere.invalid", checksum) == path


def test_a_cached_file_is_not_judged_by_its_checksum(home, server):
    path = home / "datasets" / "data.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"repacked")
    assert files.fetch("data.bin", f"{server}/good", hashlib.sha256(BODY).hexdigest()).read_bytes() == b"repacked"


def test_a_wrong_checksum_is_found_before_the_file_is_there(home, server):
    wrong = "0" * 64
    with pytest.raises(DataError) as caught:
        files.fetch("data.bin", f"{server}/good", wrong)
    message = str(caught.value)
    assert f"1000000 bytes with sha256 {hashlib.sha256(BODY).hexdigest()}, expected sha256 {wrong}" in message
    assert f"{server}/good" in message
    assert names(home / "datasets") == []


def test_content_can_be_checked_before_the_file_is_there(home, server):
    def check(path):
        assert path.read_bytes() == BODY
        raise DataError("content", got="noise")

    with pytest.raises(DataError, match="content: got noise"):
        files.fetch("data.bin", f"{server}/good", check=check)
    assert names(home / "datasets") == []


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("{server}/short", "the connection closed after 1000 of 1000000 bytes"),
        ("{server}/missing", "HTTPError: Not Found"),
        ("http://127.0.0.1:9/data", "URLError: .*refused"),
    ],
    ids=["broken off", "404", "no server"],
)
def test_a_failed_download_says_what_to_do_and_leaves_nothing(home, server, place, reason):
    url = place.format(server=server)
    with pytest.raises(DataError, match=reason) as caught:
        files.fetch("data.bin", url, "0" * 64)
    message = str(caught.value)
    wanted = home / "datasets" / "data.bin"
    assert message.startswith(f"data.bin: got no file at {wanted}, and {url} could not be downloaded")
    assert f"place it at {wanted}" in message
    assert f"(now {home})" in message
    assert names(home / "datasets") == []


def test_an_interrupted_download_leaves_nothing(home, server, monkeypatch):
    def stop(self, done):
        raise KeyboardInterrupt

    monkeypatch.setattr(files._Progress, "show", stop)
    with pytest.raises(KeyboardInterrupt):
        files.fetch("data.bin", f"{server}/good")
    assert names(home / "datasets") == []


def test_a_terminal_sees_the_share_that_has_come(monkeypatch, home, server, capsys):
    monkeypatch.setattr(files.terminal, "is_tty", lambda stream=None: True)
    files.fetch("data.bin", f"{server}/good")
    assert "\r" in capsys.readouterr().err


def test_a_name_in_a_folder_that_is_missing_is_explained(home):
    with pytest.raises(DataError, match=r"no folder .*deep.*, expected a file name, kept in .*datasets"):
        files.fetch(os.path.join("deep", "data.bin"), "http://127.0.0.1:9/")


def test_hashing_and_writing_take_strings_too(tmp_path):
    path = str(tmp_path / "data")
    with contextlib.ExitStack() as stack:
        stack.enter_context(files.atomic_write(path)).write(b"x")
    assert files.file_hash(path) == hashlib.sha256(b"x").hexdigest()
