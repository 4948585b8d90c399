"""How far a run over all applications has come, in a file, so that an interrupted run can be continued."""

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from application_status.applications.scan import Key
from application_status.cli.output import say


class Checkpoint:
    """The file of a run; only a run with the same values in `used` continues it."""

    def __init__(self, file: Path, used: Mapping[str, str]) -> None:
        self._file = file
        self._used = dict(used)

    def start(self) -> Key | None:
        """Return where to continue, None to start anew; print which.

        Raises ValueError where the file holds no checkpoint, OSError where it can't be read.
        """
        try:
            kept = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            kept = None
        match kept:
            case {"used": dict(used), "key": dict(key)}:
                differing = [name for name, value in self._used.items() if used.get(name) != value]
            case _:
                raise ValueError(f"{self._file} holds no checkpoint; delete it, or name another file with --checkpoint")
        if differing:
            say(f"Starting anew: the interrupted run had other values of {', '.join(differing)}.")
            return None
        say("Continuing the interrupted run.")
        return key

    def keep(self, following: Key | None) -> None:
        """Store where to continue, as a whole or not at all; None, at the end, removes the file."""
        if following is None:
            self._file.unlink(missing_ok=True)
            return
        written = self._file.with_name(f"{self._file.name}.{uuid4()}")
        try:
            written.write_text(json.dumps({"used": self._used, "key": following}), encoding="utf-8")
            written.replace(self._file)
        finally:
            written.unlink(missing_ok=True)
