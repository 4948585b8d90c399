"""What is missing on a machine is named before the first test, all of it at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.process import free_port
from prerequisites import ROOT, chromes, missing


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is all of the PATH; no browser of Playwright's is there, nor a place to bring one from."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", f"http://127.0.0.1:{free_port()}")
    return folder


@pytest.mark.parametrize(
    "name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"]
)
def test_chrome_is_found_under_any_usual_name(nothing: Path, name: str) -> None:
    """A browser under such a name is not reported as missing."""
    assert chromes() == []
    assert [sentence.partition(" is on the PATH")[0] for sentence in missing({"browser"})] == ["No Chrome or Chromium"]
    (nothing / name).touch(mode=0o755)
    assert chromes() == [str(nothing / name)]
    assert missing({"browser"}) == []


def needs(target: str, root: Path = ROOT) -> tuple[int, str]:
    environment = os.environ | {"PYTHONPATH": str(root / "tools")}
    done = subprocess.run(
        [sys.executable, "-m", "prerequisites", target], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.usefixtures("nothing")
def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    """Each line says how to install it; before, the download of Playwright's browser is tried."""
    code, printed = needs("test")
    assert code == 1
    assert f"downloading Playwright's into {tmp_path / 'browsers'}" in printed
    listed = printed.partition("`make test` needs what is missing here:\n")[2]
    for sentence in ("- bash is not on the PATH; ", "- curl is not on the PATH; ", "- No Chrome or Chromium starts; "):
        assert sentence in listed
    assert "apt-get install chromium" in listed
    assert "Executable doesn't exist" in listed


@pytest.mark.usefixtures("nothing")
def test_valgrind_is_asked_for_before_anything_is_measured() -> None:
    """`make bench` begins with this check."""
    code, printed = needs("bench")
    assert (code, "- valgrind is not on the PATH; `apt-get install valgrind`" in printed) == (1, True)


def test_what_make_creates_itself_is_not_asked_for(tmp_path: Path) -> None:
    """On a fresh machine, the check comes before `make test` has created anything."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    assert needs("test", tmp_path) == (0, "")
