"""The generations of the counters: the one that is read, and, while the counters are rebuilt, the one being built.

A rebuild announces a new generation, counts all applications into it, switches to it, and deletes the former one. No
change is lost, whenever it comes. Whoever counts a change reads the generations consistently, after the change was
stored:
- before the announcement: it counts in the former generation alone, perhaps even after the switch, when nobody reads
  that any more. But the change was stored before the announcement, so that the scan, which begins after it, finds it.
- between announcement and switch: it counts in both. If its writes come after the switch, they reach the new one too.
- after the switch: it counts in the new one.
Nor does a change count twice: in each generation, an application's marker says which version of it was counted. Whoever
fails between two generations counts the change again, with the generations read anew.
"""

from dataclasses import dataclass

from application_status.platform.dynamodb.client import DynamoDB

KEY = {"Scope": {"S": "generation"}, "Part": {"S": "current"}}


@dataclass(frozen=True, slots=True)
class Generations:
    """The generation that reports read, and the one being built."""

    live: int = 1
    building: int | None = None

    @property
    def counted(self) -> tuple[int, ...]:
        """Those in which a change counts."""
        return (self.live,) if self.building is None else (self.live, self.building)


def generations(dynamodb: DynamoDB, table: str) -> Generations:
    """Read the generations; before the first rebuild there is one."""
    item = dynamodb("GetItem", TableName=table, Key=KEY, ConsistentRead=True).get("Item")
    if item is None:
        return Generations()
    return Generations(int(item["Live"]["N"]), int(item["Building"]["N"]) if "Building" in item else None)
