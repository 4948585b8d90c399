"""Each ATS's own meanings of labels (overrides), stored in the Tokens table.

KeyId      S   ats#<ats>
Overrides  M   label -> "STATUS" or "STATUS/outcome"
Version    N   + 1 with every change; absent in items written by an earlier release
"""

import time
from collections.abc import Callable, Collection, Mapping

from application_status.labels.rules.vocabulary import ParsedOverrides, normalize
from application_status.platform.dynamodb.client import Cache, DynamoDB, Item, pages
from application_status.platform.errors import ConditionFailed
from application_status.platform.values import AtsId

MAX_OVERRIDES, MAX_LABEL_LENGTH = 1000, 200
"""The maximum number of overrides per ATS, and the maximum length of a label in characters."""

_CACHE_SECONDS = 60
_MAX_BYTES = 300_000  # of all labels and meanings; an item can have 400 KB
_PREFIX = "ats#"


class OverrideLookup:
    """Look up an ATS's overrides, with a cache of 60 seconds."""

    def __init__(self, dynamodb: DynamoDB, tokens_table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._dynamodb = dynamodb
        self._table = tokens_table
        self._cache = Cache[AtsId, ParsedOverrides](_CACHE_SECONDS, clock)

    def of(self, ats_id: AtsId) -> ParsedOverrides:
        """Return the ATS's overrides: label -> "STATUS" or "REJECTED/outcome"."""
        found = self._cache.get(ats_id)
        if found is None:
            start = self._cache.clock()
            item = self._dynamodb("GetItem", TableName=self._table, Key=_key(ats_id)).get("Item", {})
            found = ParsedOverrides(_overrides(item))
            self._cache.keep(ats_id, found, read_at=start)
        return found


class OverrideRegister:
    """Read and change overrides, without a cache, for the command line."""

    def __init__(self, dynamodb: DynamoDB, tokens_table: str) -> None:
        self._dynamodb = dynamodb
        self._table = tokens_table

    def of(self, ats_id: AtsId) -> dict[str, str]:
        """Return the ATS's overrides: label -> "STATUS" or "REJECTED/outcome"."""
        return _overrides(self._item(ats_id))

    def all(self) -> dict[AtsId, dict[str, str]]:
        """Return the overrides of every ATS that has any."""
        request = {
            "TableName": self._table,
            "ConsistentRead": True,
            "FilterExpression": "attribute_exists(Overrides)",
        }
        found = {
            AtsId(item["KeyId"]["S"].removeprefix(_PREFIX)): _overrides(item)
            for page in pages(self._dynamodb, "Scan", request)
            for item in page
        }
        return {ats_id: own for ats_id, own in found.items() if own}

    def change(self, ats_id: AtsId, meanings: Mapping[str, str], without: Collection[str] = ()) -> dict[str, str]:
        """Set the meanings of some labels, remove those of the labels in `without`, and return all overrides.

        Spellings that the vocabulary treats as the same label are one label; a new spelling replaces the old one.
        Concurrent changes are all kept.

        Raises:
            ValueError: a label or meaning is invalid, or there would be too many; nothing is written.
            LookupError: a label to be removed has no override; nothing is written.
        """
        _check(meanings, without)
        item = self._item(ats_id)
        known = {_same(label) for label in _overrides(item)}
        for label in without:
            if _same(label) not in known:
                raise LookupError(f"{ats_id} has no override for '{label}'")
        while True:
            changed = _changed(ats_id, _overrides(item), meanings, without)
            version = int(item["Version"]["N"]) if "Version" in item else 0
            replacement = {
                **_key(ats_id),
                "Overrides": {"M": {label: {"S": meaning} for label, meaning in changed.items()}},
                "Version": {"N": str(version + 1)},
            }
            try:
                self._put(replacement, version)
            except ConditionFailed as failed:
                if failed.item != replacement:  # else an earlier attempt wrote it, and its reply was lost
                    item = failed.item or {}
                    continue
            return changed

    def _item(self, ats_id: AtsId) -> Item:
        reply = self._dynamodb("GetItem", TableName=self._table, Key=_key(ats_id), ConsistentRead=True)
        item: Item = reply.get("Item", {})
        return item

    def _put(self, item: Item, version: int) -> None:
        seen = {"ExpressionAttributeValues": {":seen": {"N": str(version)}}} if version else {}
        self._dynamodb(
            "PutItem",
            TableName=self._table,
            Item=item,
            ConditionExpression="Version = :seen" if seen else "attribute_not_exists(Version)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **seen,
        )


def _key(ats_id: AtsId) -> Item:
    return {"KeyId": {"S": f"{_PREFIX}{ats_id}"}}


def _overrides(item: Item) -> dict[str, str]:
    return {label: value["S"] for label, value in item.get("Overrides", {"M": {}})["M"].items()}


def _same(label: str) -> str:
    """Return the form that all spellings of a label share."""
    return normalize(label) or label


def _check(meanings: Mapping[str, str], without: Collection[str]) -> None:
    spellings: dict[str, str] = {}
    for label in (*meanings, *without):
        if not label.strip() or len(label) > MAX_LABEL_LENGTH:
            raise ValueError(f"a label must have 1 to {MAX_LABEL_LENGTH} characters, not only spaces: '{label}'")
        if other := spellings.get(_same(label)):
            raise ValueError(f"'{other}' and '{label}' are spellings of the same label; send only one of them")
        spellings[_same(label)] = label
    ParsedOverrides(meanings)  # raises for invalid meanings


def _changed(
    ats_id: AtsId, own: Mapping[str, str], meanings: Mapping[str, str], without: Collection[str]
) -> dict[str, str]:
    given = {_same(label) for label in (*meanings, *without)}
    changed = {label: meaning for label, meaning in own.items() if _same(label) not in given} | dict(meanings)
    size = sum(len(label.encode()) + len(meaning) for label, meaning in changed.items())
    if meanings and (len(changed) > MAX_OVERRIDES or size > _MAX_BYTES):
        raise ValueError(
            f"{ats_id} would have {len(changed)} overrides in {size} bytes; "
            f"at most {MAX_OVERRIDES} in {_MAX_BYTES} bytes are allowed"
        )
    return changed
