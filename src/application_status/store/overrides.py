"""Each ATS's own meanings of labels, beside its tokens: KeyId ats#<ats> -> Overrides M, label -> "STATUS[/outcome]"."""

import time
from collections.abc import Callable, Mapping

from application_status.model.identifiers import AtsId
from application_status.model.vocabulary import OwnMeanings
from application_status.store.dynamodb import DynamoDB, Item

_CACHE_SECONDS = 60


class Overrides:
    """Looks up an ATS's overrides, and remembers them for 60 s."""

    def __init__(self, dynamodb: DynamoDB, tokens_table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._dynamodb = dynamodb
        self._table = tokens_table
        self._clock = clock
        self._remembered: dict[AtsId, tuple[OwnMeanings, float]] = {}

    def of(self, ats_id: AtsId) -> OwnMeanings:
        """Return the ATS's overrides: label -> "STATUS" or "REJECTED/outcome"."""
        found, until = self._remembered.get(ats_id, (OwnMeanings({}), 0.0))
        if self._clock() >= until:
            item = self._dynamodb("GetItem", TableName=self._table, Key=_key(ats_id)).get("Item", {})
            stored = item.get("Overrides", {"M": {}})["M"]
            found = OwnMeanings({label: value["S"] for label, value in stored.items()})
            self._remembered[ats_id] = (found, self._clock() + _CACHE_SECONDS)
        return found

    def replace(self, ats_id: AtsId, overrides: Mapping[str, str]) -> None:
        """Store an ATS's overrides in place of those it had."""
        labels = {label: {"S": text} for label, text in overrides.items()}
        self._dynamodb("PutItem", TableName=self._table, Item={**_key(ats_id), "Overrides": {"M": labels}})


def _key(ats_id: AtsId) -> Item:
    return {"KeyId": {"S": f"ats#{ats_id}"}}
