"""The reply to requests to paths that don't exist: it names the existing paths that the caller may have meant."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from application_status.platform.errors import UnknownPath
from application_status.platform.http.endpoint import REST_OF_PATH, Reply, Request

PATHS_FILE = "paths.txt"

_LONGEST = 150
"""The characters of a path that is compared; the longest path that exists has fewer."""
_NEAR, _SIMILARITY = 3, 0.7


def unknown_path(request: Request) -> Reply:
    """Refuse a request to a path that does not exist.

    Raises:
        UnknownPath: always.
    """
    raise UnknownPath(near_paths(request.path_parameters.get(REST_OF_PATH, ""), _paths()), request.prefix)


def near_paths(sent: str, paths: Sequence[str]) -> list[str]:
    """Return up to three paths with {parameters} that are near the one sent, the nearest first.

    If one differs only in case, in its slashes or by a stage in front, it is the only one.
    """
    parts = [part for part in sent.lower().split("/") if part]
    if parts[:1] == ["v1"]:
        del parts[0]
    if not parts or len(sent) > _LONGEST:
        return []
    by_text = {_filled(path, parts): path for path in reversed(paths)}
    text = "/".join(parts)
    if text in by_text:
        return [by_text[text]]
    return [by_text[each] for each in get_close_matches(text, by_text, _NEAR, _SIMILARITY)]


def _filled(path: str, parts: Sequence[str]) -> str:
    """Return a path in lower case, with the parts of the one sent in place of its {parameters}."""
    own = path[1:].lower().split("/")
    if len(own) != len(parts):
        return "/".join(own)
    return "/".join(part if name.startswith("{") else name for name, part in zip(own, parts, strict=True))


@cache
def _paths() -> Sequence[str]:
    return files(__package__).joinpath(PATHS_FILE).read_text(encoding="utf-8").split()
