"""The generations of the counters: the one that is read, and, while the counters are rebuilt, the one being built.

A change counts in both. Whoever counts asks for them after the change was stored, and a rebuild scans the applications
after the new generation was announced. So what was counted before without it, the scan finds.
"""

from dataclasses import dataclass

from application_status.store.dynamodb import DynamoDB

_KEY = {"Scope": {"S": "generation"}, "Part": {"S": "current"}}


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
    item = dynamodb("GetItem", TableName=table, Key=_KEY, ConsistentRead=True).get("Item")
    if item is None:
        return Generations()
    return Generations(int(item["Live"]["N"]), int(item["Building"]["N"]) if "Building" in item else None)
