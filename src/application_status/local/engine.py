"""moto, made quicker where it does the same again and again.

For each action of a transaction it copies the table, with its whole stream: one copy before the first action is enough
to go back to, and records of a stream never change. And it writes attribute values member by member, as structures
that it doesn't know: they are DynamoDB JSON already.
"""

from copy import deepcopy
from functools import wraps
from typing import Any

from moto.core.utils import get_service_model
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import StreamRecord, Table

_copies: dict[int, Any] = {}


def quicken() -> None:
    """Do so for all of moto in this process; once is enough, more often is fine."""
    if hasattr(Table, "__deepcopy__"):
        return
    for service in ("dynamodb", "dynamodbstreams"):
        model: Any = get_service_model(service)
        model._shape_resolver._shape_map["AttributeValue"]["document"] = True  # noqa: SLF001  # no public way
    record_class, table_class, backend_class = _untyped(StreamRecord), _untyped(Table), _untyped(DynamoDBBackend)
    record_class.__deepcopy__ = lambda record, _memo: record
    table_class.__deepcopy__ = _copied
    backend_class.transact_write_items = _without_copies(backend_class.transact_write_items)


def _untyped(of: type) -> Any:
    return of


def _copied(table: Any, memo: dict[int, Any]) -> Any:
    if id(table) not in _copies:
        memo[id(table)] = _copies[id(table)] = copied = table.__class__.__new__(table.__class__)
        copied.__dict__.update({name: deepcopy(value, memo) for name, value in vars(table).items()})
    return _copies[id(table)]


def _without_copies(transact: Any) -> Any:
    @wraps(transact)
    def transact_write_items(*arguments: Any, **named: Any) -> Any:
        _copies.clear()
        try:
            return transact(*arguments, **named)
        finally:
            _copies.clear()

    return transact_write_items
