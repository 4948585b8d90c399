"""A file with the progress of a run over all applications, so that an interrupted run is resumable."""

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from application_status.applications.scan import Key
from application_status.cli.output import print_line


class Checkpoint:
    """The checkpoint of a run; only a run with the same values in `used` resumes it."""

    def __init__(self, file: Path, used: Mapping[str, str]) -> None:
        self._file = file
        self._used = dict(used)

    def start(self) -> Key | None:
        """Return the key to continue from, or None to start over; print which.

        Raises:
            ValueError: the file is not a checkpoint.
            OSError: the file can't be read.
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
                raise ValueError(
                    f"{self._file} is not a checkpoint; delete it, or choose another file with --checkpoint"
                )
        if differing:
            print_line(f"Starting over: the interrupted run used other values of {', '.join(differing)}.")
            return None
        print_line("Resuming the interrupted run.")
        return key

    def keep(self, following: Key | None) -> None:
        """Store the key to continue from, atomically; None removes the file, at the end."""
        if following is None:
            self._file.unlink(missing_ok=True)
            return
        written = self._file.with_name(f"{self._file.name}.{uuid4()}")
        try:
            written.write_text(json.dumps({"used": self._used, "key": following}), encoding="utf-8")
            written.replace(self._file)
        finally:
            written.unlink(missing_ok=True)
