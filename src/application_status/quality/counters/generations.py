"""The generations of the counters: the live one, which reports read, and during a rebuild the one being built.

A rebuild starts a new generation, counts all applications into it, switches reports to it, and deletes the former one.
Changes that arrive meanwhile are never lost. The analytics function reads the generations, with a consistent read,
after the change was stored. If it reads them
- before the start: the change counts in the former generation only. It was stored before the start, so the scan of the
  rebuild, which begins afterwards, counts it in the new generation.
- between start and switch: the change counts in both, even if its writes come after the switch.
- after the switch: the change counts in the new generation.
A change never counts twice: each generation has a marker for each application with the version last counted. If a
write fails between two generations, the change is retried with both, and the marker skips what was counted.

Model: tests/promises/models/rebuild.pml
"""

from dataclasses import dataclass

from application_status.platform.dynamodb.client import DynamoDB

KEY = {"Scope": {"S": "generation"}, "Part": {"S": "current"}}


@dataclass(frozen=True, slots=True)
class Generations:
    """The number of the live generation, and of the one being built."""

    live: int = 1
    building: int | None = None

    @property
    def counted(self) -> tuple[int, ...]:
        """The generations in which a change counts."""
        return (self.live,) if self.building is None else (self.live, self.building)


def generations(dynamodb: DynamoDB, table: str) -> Generations:
    """Read the generations, with a consistent read; before the first rebuild there is only generation 1."""
    item = dynamodb("GetItem", TableName=table, Key=KEY, ConsistentRead=True).get("Item")
    if item is None:
        return Generations()
    return Generations(int(item["Live"]["N"]), int(item["Building"]["N"]) if "Building" in item else None)
