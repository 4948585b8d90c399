"""Checks what tests and benchmarks need besides Python packages, and lists what is missing with its remedy.

`make test` and `make bench` run `python -m prerequisites` first. If no Chrome or Chromium on the PATH works, it
downloads Playwright's own into `.tools`.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
_TOOLS = ROOT / ".tools"

BUILD = ROOT / ".aws-sam/host"
SAM, SAM_PYTHON = _TOOLS / "sam/bin/sam", _TOOLS / "sam/bin/python"
MINISTACK = _TOOLS / "ministack/bin/ministack"
_ARCHITECTURE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
EMULATOR = _TOOLS / f"sam/lib/python3.13/site-packages/samcli/local/rapid/aws-lambda-rie-{_ARCHITECTURE}"
RUNTIME_PYTHON = _TOOLS / "runtime/bin/python"
NODE = _TOOLS / "node/node_modules/.bin"
GENERATORS = _TOOLS / "generators/bin"

# The files that make creates, and the programs, by the folder of tests or the target that needs them.
_MADE = {
    "unit": (SAM_PYTHON,),
    "local": (NODE, GENERATORS),
    "races": (MINISTACK,),
    "wire": (MINISTACK,),
    "promises": (MINISTACK,),
    "deploy": (MINISTACK, SAM, BUILD),
    "runtime": (EMULATOR, RUNTIME_PYTHON, BUILD),
}
_PROGRAMS = {
    "local": ("bash", "curl", "node", "npm", "javac", "go", "php", "mcs", "mono"),
    "promises": ("spin", "gcc", "valgrind"),
    "bench": ("valgrind",),
}
# The packages of Debian and of Homebrew that have these programs, where they are not named like them.
_PACKAGES = {
    "node": ("nodejs", "node"),
    "npm": ("npm", "node"),
    "javac": ("default-jdk-headless", "openjdk"),
    "go": ("golang-go", "go"),
    "php": ("php-cli", "php"),
    "mcs": ("mono-mcs libmono-system-net-http4.0-cil", "mono"),
    "mono": ("mono-runtime", "mono"),
}
# What a target needs that make can't create.
_USERS = {"test": {"local", "browser", "promises"}, "bench": {"bench"}, "screenshots": {"browser"}}
_CHROMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell",
    "microsoft-edge", "microsoft-edge-stable", "brave-browser",
)  # fmt: skip
_INSTALL = "`apt-get install {}` (Debian, Ubuntu), `brew install {}` (macOS) or the like installs it"


def chromes() -> list[str]:
    """Return the Chromes and Chromiums on the PATH, in the order in which to try them."""
    return [found for found in map(shutil.which, _CHROMES) if found]


def _how_to_install(program: str) -> str:
    return _INSTALL.format(*_PACKAGES.get(program, (program, program)))


def browsers() -> Path:
    """Return the folder of Playwright's own browsers."""
    return Path(os.environ.setdefault("PLAYWRIGHT_BROWSERS_PATH", str(_TOOLS / "browsers")))


def missing_programs(users: Collection[str]) -> list[str]:
    """Return a message for each program that folders of tests, or `bench`, lack and make can't create."""
    programs = [program for user in users for program in _PROGRAMS.get(user, ())]
    return [f"{name} is not on the PATH; {_how_to_install(name)}" for name in programs if not shutil.which(name)]


def missing(users: Collection[str]) -> list[str]:
    """Return a message for each thing that folders of tests, or `bench`, lack; starts nothing."""
    absent = missing_programs(users)
    made = dict.fromkeys(path for user in users for path in _MADE.get(user, ()))
    absent += [f"{path.relative_to(ROOT)} is not there; `make test` makes it" for path in made if not path.exists()]
    if "browser" in users and not chromes() and not any(browsers().glob("chromium*")):
        absent.append(f"No Chrome or Chromium is on the PATH; {_how_to_install('chromium')}, and so does `make test`")
    return absent


def _without_browser() -> Iterable[str]:
    """Download Playwright's Chromium unless a browser starts; yield a message if it does not start either."""
    if _start_browser().returncode == 0:
        return
    sys.stderr.write(f"No Chrome or Chromium on the PATH starts: downloading Playwright's into {browsers()}\n")
    subprocess.run([sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"], check=False)
    started = _start_browser()
    if started.returncode:
        yield (
            f"No Chrome or Chromium starts; {_how_to_install('chromium')}, and `.venv/bin/playwright install-deps"
            f" chromium` the libraries that Playwright's own needs.\n{started.stderr.strip()}"
        )


def _start_browser() -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "chromium"], capture_output=True, text=True, check=False)


def main() -> int:
    """Check what a target of make needs; return 1 if anything is missing."""
    browsers()
    (target,) = sys.argv[1:]
    users = _USERS[target]
    absent = missing_programs(users)
    if "browser" in users:
        absent += _without_browser()
    if absent:
        sys.stderr.write("\n- ".join([f"`make {target}` needs what is missing here:", *absent]) + "\n")
    return 1 if absent else 0


if __name__ == "__main__":
    sys.exit(main())
