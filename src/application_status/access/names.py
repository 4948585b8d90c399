"""The names of ATSs, which people read in place of their ids.

They are in one item of the Tokens table, as a page shows many of them:

KeyId      S     ats-names
Names      M     the id of an ATS -> its name, S
"""

import time
from collections.abc import Callable, Mapping

from application_status.platform.dynamodb.client import Cache, DynamoDB, Item
from application_status.platform.values import AtsId

NAME_LENGTH = 100
"""The most characters of a name."""

_KEY: Item = {"KeyId": {"S": "ats-names"}}
_CACHE_SECONDS = 60


class AtsNames:
    """The names of ATSs, which `all` keeps for 60 seconds."""

    def __init__(self, dynamodb: DynamoDB, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._cache = Cache[str, Mapping[str, str]](_CACHE_SECONDS, clock)

    def all(self) -> Mapping[str, str]:
        """Return the names by id; an ATS without a name is missing."""
        found = self._cache.get("")
        if found is None:
            start = self._cache.clock()
            item = self._dynamodb("GetItem", TableName=self._table, Key=_KEY).get("Item")
            found = {ats_id: name["S"] for ats_id, name in item["Names"]["M"].items()} if item else {}
            self._cache.keep("", found, read_at=start)
        return found

    def set(self, ats_id: AtsId, name: str) -> None:
        """Store the name of an ATS; it replaces a former one.

        Raises:
            ValueError: the name is empty, too long, or has characters that can't be printed.
        """
        if not 0 < len(name) <= NAME_LENGTH or not name.isprintable() or name != name.strip():
            raise ValueError(f"a name has 1 to {NAME_LENGTH} printable characters, and no space around it")
        update = {"TableName": self._table, "Key": _KEY, "ExpressionAttributeNames": {"#names": "Names"}}
        self._dynamodb(
            "UpdateItem",
            **update,
            UpdateExpression="SET #names = if_not_exists(#names, :none)",
            ExpressionAttributeValues={":none": {"M": {}}},
        )
        self._dynamodb(
            "UpdateItem",
            **{**update, "ExpressionAttributeNames": {"#names": "Names", "#ats": ats_id}},
            UpdateExpression="SET #names.#ats = :name",
            ExpressionAttributeValues={":name": {"S": name}},
        )
