"""DynamoDB in memory, with the operations that the service uses, for tests of thousands of steps.

test_counters_machine.py sends the same calls to moto in some of its runs, and compares the replies.
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from botocore.exceptions import ClientError
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

type Item = dict[str, Any]
type Key = tuple[str, ...]

_TOKENS = re.compile(r"<>|[<>]=?|[(),=]|[:#]?\w[\w.#]*")
_BETWEEN = re.compile(r"(\w+) BETWEEN (:\w+) AND (:\w+)")
_LIST = re.compile(r"IN \(([^()]*)\)")
_WORDS = {"AND": "and", "OR": "or", "NOT": "not", "IN": "in", "=": "==", "<>": "!="}


class _Absent:
    """The value of an attribute that an item lacks: it is neither less nor greater than anything."""

    def __lt__(self, _: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__


_ABSENT = _Absent()
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "attribute_exists": lambda value: value is not _ABSENT,
    "attribute_not_exists": lambda value: value is _ABSENT,
    "contains": lambda value, element: (
        value is not _ABSENT and (element[1] if value[0] != "L" else {element[0]: element[1]}) in value[1]
    ),
    "size": lambda value: ("N", len(value[1])),
}
_WORDS_OF_EXPRESSIONS = {"AND", "OR", "NOT", "IN", "BETWEEN", "SET", "ADD", "REMOVE", "SIZE", "CONTAINS"}
_SECTIONS = re.compile(r"(SET|ADD|REMOVE) (.*?)(?= SET | ADD | REMOVE |$)")
_LONGEST_KEYS = (2048, 1024)  # bytes of a partition key and of a sort key
_CLAUSES = {
    "SET": re.compile(r"([\w.#]+) = (list_append\(.*?\), :\w+\)|if_not_exists\([^)]*\)|[:\w]+(?: \+ :\w+)?)"),
    "ADD": re.compile(r"([\w.#]+) (:\w+)"),
    "REMOVE": re.compile(r"([\w.#]+)()"),
}


class Memory:
    """A client of DynamoDB, its tables, and their streams as Lambda gets them."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Item]] = {}
        self.streams: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self._keys: dict[str | tuple[str, str], list[str]] = {}
        self._streaming: dict[str, str] = {}

    def saved(self) -> dict[str, dict[Key, Item]]:
        """Return the contents of all tables, for `restore`; items are never changed in place."""
        return {name: dict(items) for name, items in self.tables.items()}

    def restore(self, saved: Mapping[str, Mapping[Key, Item]]) -> None:
        """Put the tables back to saved contents, without stream records."""
        self.tables = {name: dict(items) for name, items in saved.items()}

    def create_table(self, **table: Any) -> dict[str, Any]:
        name = table["TableName"]
        self.tables[name] = {}
        self._keys[name] = _attributes(table)
        self._keys |= {
            (name, index["IndexName"]): _attributes(index) for index in table.get("GlobalSecondaryIndexes", ())
        }
        if "StreamSpecification" in table:
            self._streaming[name] = table["StreamSpecification"]["StreamViewType"]
        return {}

    def keys(self, table: str, key: Key) -> Item:
        """Return a key in DynamoDB JSON."""
        return {name: {"S": value} for name, value in zip(self._keys[table], key, strict=True)}

    def get_item(self, **request: Any) -> dict[str, Any]:
        item = self._found(request, request["Key"])
        return {} if item is None else {"Item": item}

    def batch_get_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803  # botocore's name
        found = {
            table: [item for key in wanted["Keys"] if (item := self._found({"TableName": table}, key))]
            for table, wanted in RequestItems.items()
        }
        return {"Responses": found, "UnprocessedKeys": {}}

    def batch_write_item(self, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803  # botocore's name
        for table, requests in RequestItems.items():
            assert len(requests) <= 25, "too many requests"
            for request in requests:
                for kind, content in request.items():
                    self._apply(kind.removesuffix("Request"), {"TableName": table, **content})
        return {"UnprocessedItems": {}}

    def put_item(self, **request: Any) -> dict[str, Any]:
        return self._write("Put", request)

    def update_item(self, **request: Any) -> dict[str, Any]:
        return self._write("Update", request)

    def delete_item(self, **request: Any) -> dict[str, Any]:
        return self._write("Delete", request)

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # botocore's
        actions = [(kind, request) for action in TransactItems for kind, request in action.items()]
        places = {(request["TableName"], self._key(request)) for _, request in actions}
        assert len(places) == len(actions) <= 100, "an item twice in a transaction, or too many actions"
        reasons = [None if self._holds(request) else request for _, request in actions]
        if any(reasons):
            codes = [self._reason(request) if request else {"Code": "None"} for request in reasons]
            raise _error("TransactionCanceledException", CancellationReasons=codes)
        for kind, request in actions:
            if kind != "ConditionCheck":
                self._apply(kind, request)
        return {}

    def query(self, **request: Any) -> dict[str, Any]:
        condition = _compiled(request["KeyConditionExpression"])
        keys = self._keys[request["TableName"], request["IndexName"]] if "IndexName" in request else []
        return self._page(request, lambda item: all(k in item for k in keys) and _true(condition, request, item))

    def scan(self, **request: Any) -> dict[str, Any]:
        condition = _compiled(request["FilterExpression"]) if "FilterExpression" in request else None
        return self._page(request, lambda item: condition is None or _true(condition, request, item))

    def _page(self, request: Mapping[str, Any], matches: Callable[[Item], bool]) -> dict[str, Any]:
        start = self._key({**request, "Key": request["ExclusiveStartKey"]}) if "ExclusiveStartKey" in request else ()
        table = self.tables[request["TableName"]]
        found = [table[key] for key in sorted(table) if key > start and matches(table[key])]
        if "IndexName" in request:
            *_, sorted_by = self._keys[request["TableName"], request["IndexName"]]
            found.sort(key=lambda item: _comparable(item[sorted_by]), reverse=not request.get("ScanIndexForward", True))
        limit = request.get("Limit", len(found) + 1)
        page = found[:limit]
        rest = (
            {"LastEvaluatedKey": {name: page[-1][name] for name in self._keys[request["TableName"]]}}
            if len(found) >= limit
            else {}
        )
        if "ProjectionExpression" in request:
            names = {_path(each, request)[0] for each in request["ProjectionExpression"].split(", ")}
            page = [{name: item[name] for name in names & item.keys()} for item in page]
        return {"Items": page, **rest}

    def _key(self, request: Mapping[str, Any]) -> Key:
        key = request.get("Key") or request["Item"]
        parts = tuple(key[name]["S"] for name in self._keys[request["TableName"]])
        if any(not 0 < len(part.encode()) <= most for part, most in zip(parts, _LONGEST_KEYS, strict=False)):
            raise _error("ValidationException")
        return parts

    def _found(self, request: Mapping[str, Any], key: Item) -> Item | None:
        return self.tables[request["TableName"]].get(self._key({**request, "Key": key}))

    def _write(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        if not self._holds(request):
            raise _error("ConditionalCheckFailedException", **self._reason(request))
        old = self._apply(kind, request)
        new = self.tables[request["TableName"]].get(self._key(request))
        if request.get("ReturnValues") == "UPDATED_NEW" and new:
            updated = {_path(path, request)[0] for _, path, _ in _clauses(request["UpdateExpression"])}
            return {"Attributes": {name: value for name, value in new.items() if name in updated}}
        returned = {"ALL_OLD": old, "ALL_NEW": new}.get(request.get("ReturnValues", "NONE"))
        return {"Attributes": returned} if returned else {}

    def _holds(self, request: Mapping[str, Any]) -> bool:
        condition = request.get("ConditionExpression")
        item = self.tables[request["TableName"]].get(self._key(request), {})
        return condition is None or _true(_compiled(condition), request, item)

    def _reason(self, request: Mapping[str, Any]) -> dict[str, Any]:
        item = self.tables[request["TableName"]].get(self._key(request))
        returned = item and request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return {"Code": "ConditionalCheckFailed", **({"Item": item} if returned else {})}

    def _apply(self, kind: str, request: Mapping[str, Any]) -> Item | None:
        """Write an item, and add a record to the table's stream if it has one; return the former item."""
        table, key = self.tables[request["TableName"]], self._key(request)
        old = table.pop(key, None)
        if kind == "Put":
            table[key] = request["Item"]
        elif kind == "Update":
            table[key] = _updated(old or request["Key"], request)
        if request["TableName"] in self._streaming and table.get(key) != old:
            self._add_record(request["TableName"], old, table.get(key))
        return old

    def _add_record(self, table: str, old: Item | None, new: Item | None) -> None:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html"""
        stream, view = self.streams[table], self._streaming[table]
        keys = {name: (new or old or {})[name] for name in self._keys[table]}
        seen = (("OldImage", old if view == "NEW_AND_OLD_IMAGES" else None), ("NewImage", new))
        images = {"Keys": keys, **{name: image for name, image in seen if image is not None}}
        numbers = {"SequenceNumber": str(1000 + len(stream)), "ApproximateCreationDateTime": time.time()}
        name = "REMOVE" if new is None else "INSERT" if old is None else "MODIFY"
        stream.append({"eventName": name, "dynamodb": {**numbers, **images}})


def _attributes(schema: Mapping[str, Any]) -> list[str]:
    return [each["AttributeName"] for each in schema["KeySchema"]]


def _error(code: str, **more: Any) -> ClientError:
    details: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}, **more}
    return ClientError(details, "")


@cache
def _compiled(expression: str) -> Any:
    """Translate a condition to Python, with calls of `at` for attributes and values."""
    _refuse_reserved_words(expression)
    expression = _LIST.sub(r"IN (\1,)", _BETWEEN.sub(r"\1 >= \2 AND \1 <= \3", expression))
    python = [
        _WORDS.get(token, token)
        if token in _WORDS or token in _FUNCTIONS or not re.match(r"[\w:#]", token)
        else f"at({token!r})"
        for token in _TOKENS.findall(expression)
    ]
    return compile(" ".join(python), expression, "eval")


def _true(condition: Any, request: Mapping[str, Any], item: Item) -> bool:
    return bool(eval(condition, {**_FUNCTIONS, "at": lambda token: _comparable(_at(token, request, item))}))  # noqa: S307


def _at(token: str, request: Mapping[str, Any], item: Item) -> Any:
    """Return the value of a path or placeholder in DynamoDB JSON, or None."""
    if token.startswith(":"):
        return request["ExpressionAttributeValues"][token]
    value: Any = {"M": item}
    for name in _path(token, request):
        value = value["M"].get(name) if value else None
    return value


def _path(token: str, request: Mapping[str, Any]) -> list[str]:
    names = request.get("ExpressionAttributeNames", {})
    return [names.get(part, part) for part in token.split(".")]


def _comparable(value: Any) -> Any:
    if value is None:
        return _ABSENT
    ((kind, content),) = value.items()
    return kind, int(content) if kind == "N" else content


def _updated(old: Item, request: Mapping[str, Any]) -> Item:
    """Return the item after an update, whose clauses all refer to the former item."""
    new = dict(old)
    for action, path, value in _clauses(request["UpdateExpression"]):
        *parents, name = _path(path, request)
        place = new
        for parent in parents:  # items are never changed in place, as streams and readers have them
            place[parent] = {"M": dict(place[parent]["M"])}
            place = place[parent]["M"]
        if action == "SET":
            place[name] = _value(value, request, old)
        elif action == "ADD":
            place[name] = _sum(_at(path, request, old), _at(value, request, old))
        else:
            place.pop(name, None)
    return new


def _value(expression: str, request: Mapping[str, Any], old: Item) -> Any:
    if expression.startswith("list_append("):
        some, _, more = expression.removeprefix("list_append(").removesuffix(")").rpartition(", ")
        return {"L": [*_value(some, request, old)["L"], *_value(more, request, old)["L"]]}
    if " + " in expression:
        one, other = (_at(each, request, old)["N"] for each in expression.split(" + "))
        return {"N": str(int(one) + int(other))}
    default = expression.removeprefix("if_not_exists(").removesuffix(")").split(", ")
    return next(found for each in default if (found := _at(each, request, old)) is not None)


@cache
def _refuse_reserved_words(expression: str) -> None:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html"""
    reserved = {*ReservedKeywords.get_reserved_keywords()} - _WORDS_OF_EXPRESSIONS
    for token in _TOKENS.findall(expression):
        assert token.upper() not in reserved, f"{token} is a reserved word"


@cache
def _clauses(expression: str) -> tuple[tuple[str, str, str], ...]:
    _refuse_reserved_words(expression)
    return tuple(
        (action, path, value)
        for action, clauses in _SECTIONS.findall(expression)
        for path, value in _CLAUSES[action].findall(clauses)
    )


def _sum(old: Any, added: Any) -> Item:
    ((kind, content),) = added.items()
    if kind == "N":
        return {"N": str(int(old["N"] if old else 0) + int(content))}
    return {kind: sorted({*(old[kind] if old else ()), *content})}


_CONTENTS = ("Item", "Attributes", "Items", "Responses")


class Agreeing:
    """A client of both engines, which returns the first engine's reply."""

    def __init__(self, first: Any, second: Any) -> None:
        self.engines = first, second

    def __getattr__(self, operation: str) -> Any:
        return partial(self._call, operation)

    def _call(self, operation: str, **request: Any) -> Any:
        first, second = [_said(getattr(engine, operation), request) for engine in self.engines]
        assert _essence(first, request) == _essence(second, request), f"{operation} {request}"
        if isinstance(first, ClientError):
            raise first
        return first


def _said(call: Any, request: Mapping[str, Any]) -> Any:
    try:
        return call(**request)
    except ClientError as error:
        return error


def _essence(reply: Any, request: Mapping[str, Any]) -> Any:
    """Return the parts of a reply that must agree, without the order of unordered parts."""
    if isinstance(reply, ClientError):
        response: Any = reply.response
        reasons = [(reason["Code"], reason.get("Item")) for reason in response.get("CancellationReasons", ())]
        return response["Error"]["Code"], response.get("Item"), reasons
    if "IndexName" in request:
        projected = {"Part", "Applications", "AtsiApplicationId"}  # of all indexes
        return sorted(repr(sorted((name, item[name]) for name in projected & item.keys())) for item in reply["Items"])
    return {name: _sorted(reply[name]) for name in _CONTENTS if reply.get(name)}


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(each) for name, each in value.items()}
    return sorted(map(_sorted, value), key=_text) if isinstance(value, list) else value


def _text(value: Any) -> str:
    return repr(sorted(value.items())) if isinstance(value, Mapping) else repr(value)
