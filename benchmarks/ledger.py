"""A table in memory that charges read and write units as DynamoDB does, and counts calls.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from application_status.platform.dynamodb.client import Item

_WRITE_BYTES, _READ_BYTES, _PAGE_BYTES = 1024, 4096, 1_048_576
_TRANSACTIONAL = 2


class Partition(dict[str, dict[str, Any]]):
    """The items of a partition, by their sort key; an item with a maker is made when it is first used."""

    def __init__(self, makers: Mapping[str, Callable[[], dict[str, Any]]] | None = None) -> None:
        super().__init__({part: {} for part in makers or {}})
        self._makers = dict(makers or {})

    def item(self, part: str) -> dict[str, Any] | None:
        """Return an item, or None."""
        if maker := self._makers.pop(part, None):
            self[part] = maker()
        return self.get(part)

    def put(self, part: str, item: dict[str, Any]) -> None:
        """Replace an item."""
        self._makers.pop(part, None)
        self[part] = item


class Ledger:
    """A stand-in for DynamoDB with the operations that counting, merging and reports need.

    `generate` makes the items of a partition when it is first used. `latency` is the time that each call takes, in
    seconds. `longest_chain` is the number of calls that were made one after the other, each after the end of another.
    """

    def __init__(self, generate: Callable[[str], Partition] | None = None, latency: float = 0.0) -> None:
        self.partitions: dict[str, Partition] = {}
        self.write_units: Counter[str] = Counter()
        """By the kind of the partition: the first word of its key."""
        self.read_units: Counter[str] = Counter()
        self.calls = self.longest_chain = 0
        self._generate = generate
        self._latency = latency
        self._lock = threading.Lock()

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """Do one operation."""
        before = self.longest_chain
        if self._latency:
            time.sleep(self._latency)
        with self._lock:
            self.calls += 1
            self.longest_chain = max(self.longest_chain, before + 1)
            reply: dict[str, Any] = getattr(self, f"_{operation}")(**request)
            return reply

    def _GetItem(self, *, Key: Item, ConsistentRead: bool = False, **_: Any) -> dict[str, Any]:  # noqa: N802, N803
        item = self._item(Key)
        self._charge_read(Key, [item or {}], consistent=ConsistentRead)
        return {"Item": item} if item else {}

    def _BatchGetItem(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N802, N803
        ((table, wanted),) = RequestItems.items()
        for key in wanted["Keys"]:
            self._charge_read(key, [self._item(key) or {}], consistent=wanted.get("ConsistentRead", False))
        return {"Responses": {table: [item for key in wanted["Keys"] if (item := self._item(key))]}}

    def _Query(  # noqa: N802
        self,
        *,
        ExpressionAttributeValues: Item,  # noqa: N803
        ConsistentRead: bool = False,  # noqa: N803
        Limit: int = 10**9,  # noqa: N803
        ExclusiveStartKey: Item | None = None,  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        values = {name: value["S"] for name, value in ExpressionAttributeValues.items()}
        scope = values.get(":scope") or f"labels-by-applications#{values[':ats']}"
        after = ExclusiveStartKey["Part"]["S"] if ExclusiveStartKey else values.get(":after", "")
        first, last = values.get(":first", values.get(":from", "")), values.get(":last", values.get(":to", "~"))
        partition = self._partition(scope)
        found, size = [], 0
        for part in sorted(part for part in partition if part > after and first <= part <= last):
            found.append(partition.item(part) or {})
            size += _size(found[-1])
            if len(found) == Limit or size > _PAGE_BYTES:
                break
        self._charge_read({"Scope": {"S": scope}}, found, consistent=ConsistentRead)
        more = bool(found) and found[-1]["Part"]["S"] != max(partition) and (len(found) == Limit or size > _PAGE_BYTES)
        return {"Items": found, **({"LastEvaluatedKey": _key_of(found[-1])} if more else {})}

    def _PutItem(self, *, Item: Item, **_: Any) -> dict[str, Any]:  # noqa: N802, N803
        self._write(dict(Item), 1)
        return {}

    def _UpdateItem(self, *, Key: Item, **request: Any) -> dict[str, Any]:  # noqa: N802, N803
        self._update(Key, request, 1)
        return {}

    def _BatchWriteItem(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N802, N803
        for request in next(iter(RequestItems.values())):
            if "PutRequest" in request:
                self._write(dict(request["PutRequest"]["Item"]), 1)
            else:
                self._delete(request["DeleteRequest"]["Key"], 1)
        return {}

    def _TransactWriteItems(self, *, TransactItems: Iterable[Item]) -> dict[str, Any]:  # noqa: N802, N803
        for action in TransactItems:
            ((kind, request),) = action.items()
            if kind == "Put":
                self._write(dict(request["Item"]), _TRANSACTIONAL)
            elif kind == "Delete":
                self._delete(request["Key"], _TRANSACTIONAL)
            else:
                self._update(request["Key"], request, _TRANSACTIONAL)
        return {}

    def _update(self, key: Item, request: dict[str, Any], factor: int) -> None:
        """Do the updates that the counters make: of a label's applications, and of a merge that is finished."""
        item = dict(self._item(key) or key)
        values = request.get("ExpressionAttributeValues", {})
        if ":amount" in values:
            known = int(item.get("Applications", {"N": "0"})["N"])
            item["Applications"] = {"N": str(known + int(values[":amount"]["N"]))}
            item["LabelOf"] = values[":ats"]
            self.write_units["index"] += 2 if known else 1
        else:
            item = {name: value for name, value in item.items() if name not in {"Entries", "Until", "Process"}}
        self._write(item, factor)

    def _write(self, item: dict[str, Any], factor: int) -> None:
        self._charge_write(item, factor * _units(max(_size(item), _size(self._item(item) or {})), _WRITE_BYTES))
        self._partition(item["Scope"]["S"]).put(item["Part"]["S"], item)

    def _delete(self, key: Item, factor: int) -> None:
        item = self._partition(key["Scope"]["S"]).pop(key["Part"]["S"], {})
        self._charge_write(key, factor * _units(_size(item), _WRITE_BYTES))

    def _charge_write(self, key: Item, units: int) -> None:
        self.write_units[_kind(key)] += units

    def _charge_read(self, key: Item, items: Iterable[dict[str, Any]], *, consistent: bool) -> None:
        units = _units(sum(map(_size, items)), _READ_BYTES)
        self.read_units[_kind(key)] += units * (2 if consistent else 1)

    @property
    def units_read(self) -> float:
        """All read units; an eventually consistent read costs half a unit for 4 KB."""
        return self.read_units.total() / 2

    def _item(self, key: Item) -> dict[str, Any] | None:
        return self._partition(key["Scope"]["S"]).item(key["Part"]["S"])

    def _partition(self, scope: str) -> Partition:
        if scope not in self.partitions:
            self.partitions[scope] = self._generate(scope) if self._generate else Partition()
        return self.partitions[scope]


def _units(size: int, of: int) -> int:
    return max(1, math.ceil(size / of))


def _kind(key: Item) -> str:
    return str(key["Scope"]["S"].partition("#")[0])


def _key_of(item: Item) -> Item:
    return {"Scope": item["Scope"], "Part": item["Part"]}


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
        case "B":
            return len(content)
        case "N":
            digits = str(content).lstrip("-").rstrip("0").lstrip("0")
            return (len(digits) + 1) // 2 + 1 + str(content).startswith("-")
        case "L":
            return 3 + sum(1 + _value_size(each) for each in content)
    raise NotImplementedError(kind)
