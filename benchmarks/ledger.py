"""A table in memory that adds up DynamoDB's write units by partition key.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import math
from collections import Counter
from typing import Any

from application_status.platform.dynamodb.client import Item

_KILOBYTE = 1024
_TRANSACTIONAL = 2


class Ledger:
    """A stand-in for DynamoDB with the operations that counting needs, for one caller."""

    def __init__(self, items: dict[tuple[str, str], dict[str, Any]] | None = None) -> None:
        self.items = items or {}
        self.index_units = 0
        self.units: Counter[str] = Counter()
        self.scope_units: Counter[str] = Counter()

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """Do one operation."""
        match operation:
            case "GetItem":
                return {}
            case "BatchGetItem":
                ((table, wanted),) = request["RequestItems"].items()
                found = [self.items[_key(key)] for key in wanted["Keys"] if _key(key) in self.items]
                return {"Responses": {table: found}}
            case "UpdateItem":
                self.items[_key(request["Key"])] = {**request["Key"], "Shards": {"N": "1"}}
                return {}
            case "TransactWriteItems":
                for action in request["TransactItems"]:
                    self._put(**action["Put"]) if "Put" in action else self._add(**action["Update"])
                return {}
        raise NotImplementedError(operation)

    def _put(self, *, Item: Item, **_: Any) -> None:  # noqa: N803  # DynamoDB's names
        before = self.items.get(_key(Item), {})
        self._charge(dict(Item), before)
        if "Client" in Item:  # the index ByClient has a copy of the item
            self.index_units += math.ceil(_size(dict(Item)) / _KILOBYTE)

    def _add(self, *, Key: Item, ExpressionAttributeNames: Item, ExpressionAttributeValues: Item, **_: Any) -> None:  # noqa: N803
        before = self.items.get(_key(Key), {})
        after = dict(before) or dict(Key)
        for placeholder, name in ExpressionAttributeNames.items():
            amount = int(ExpressionAttributeValues[f":a{placeholder[2:]}"]["N"])
            after[name] = {"N": str(int(after.get(name, {"N": "0"})["N"]) + amount)}
        self._charge(after, before)

    def _charge(self, after: dict[str, Any], before: dict[str, Any]) -> None:
        self.items[_key(after)] = after
        units = _TRANSACTIONAL * math.ceil(max(_size(after), _size(before)) / _KILOBYTE)
        scope = after["Scope"]["S"]
        self.units[scope.partition("#")[0]] += units
        if scope.startswith("counter#"):
            self.scope_units[scope] += units


def _key(item: Item) -> tuple[str, str]:
    return item["Scope"]["S"], item["Part"]["S"]


def _size(item: dict[str, Any]) -> int:
    """Return an item's size in bytes.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html#ItemSizeCalculations
    """
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(str(content).encode())
        case "N":
            digits = str(content).lstrip("-").rstrip("0").lstrip("0")
            return (len(digits) + 1) // 2 + 1 + str(content).startswith("-")
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(each) for name, each in content.items())
        case "L":
            return 3 + sum(1 + _value_size(each) for each in content)
    raise NotImplementedError(kind)
