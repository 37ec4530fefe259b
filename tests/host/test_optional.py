"""Optional packages: imported where used, named where missing."""

import sys

import pytest

from kerax._host.optional import optional


def test_what_is_installed_is_imported():
    assert optional("json", extra="all", why="A test") is sys.modules["json"]
    assert optional("xml.dom.minidom", extra="all", why="A test").parseString("<a/>").documentElement.tagName == "a"


@pytest.mark.parametrize("module", ["no_such_package", "no_such_package.part"])
def test_what_is_missing_names_the_extra(module):
    message = r'^Loading images needs no_such_package, which is not installed\. Try: pip install "kerax\[vision\]"\.$'
    with pytest.raises(ImportError, match=message) as caught:
        optional(module, extra="vision", why="Loading images")
    assert caught.value.name == "no_such_package"


def test_an_installed_package_that_fails_says_so_itself(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("import a_thing_it_needs\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'a_thing_it_needs'"):
        optional("half_installed", extra="vision", why="Loading images")
