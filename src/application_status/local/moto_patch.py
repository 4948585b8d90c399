"""Patches slow parts of moto, most of whose cost grows with the size of tables, items or expressions.

For each action of a transaction, moto copies the whole table with its stream, for a rollback. The patch copies only the
items that the transaction names, and the length of the stream. moto also serialises attribute values by a generic
walk over their shape; the patch returns them as they are, since they are DynamoDB JSON already. So binary content must
be in Base64 before.

moto measures a whole new item again for each of its attributes, and validates an update expression again for each of
its parts. With the patch it does so once. It lists its own folder and methods for each request, and reads a condition's
text again for each; the patch remembers both. It makes a generic copy of each value to copy or to serialise an item;
the patch needs none.
"""

from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import cache, lru_cache, wraps
from typing import Any

from moto import backends
from moto.core import responses as core_responses
from moto.core.utils import get_service_model
from moto.dynamodb import models, responses
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import StreamRecord, Table
from moto.dynamodb.parsing import ast_nodes, validators

_EXPRESSIONS = 1024  # different expressions of a kind that are kept
_LARGEST_ITEM_BYTES = 405_000  # moto's limit; AWS's is 400 KB


def patch_moto() -> None:
    """Patch moto in this process; repeated calls have no effect."""
    if hasattr(Table, "__deepcopy__"):
        return
    for service in ("dynamodb", "dynamodbstreams"):
        model: Any = get_service_model(service)
        model._shape_resolver._shape_map["AttributeValue"]["document"] = True  # noqa: SLF001  # moto has no public way
    vars(responses)["dynamo_to_dict"] = _plain
    record_class, table_class, backend_class = _untyped(StreamRecord), _untyped(Table), _untyped(DynamoDBBackend)
    _untyped(Item).__init__ = _make_item
    _untyped(DynamoType).__deepcopy__ = lambda value, _memo: _copied(value)
    _untyped(DynamoType).to_regular_json = _serialised
    _patch_expressions()
    vars(core_responses)["method_names_from_class"] = cache(vars(core_responses)["method_names_from_class"])
    modules = tuple(backends.list_of_moto_modules())
    _untyped(backends).list_of_moto_modules = lambda: modules
    record_class.__deepcopy__ = lambda record, _memo: record
    table_class.__deepcopy__ = lambda table, _memo: table
    backend_class.transact_write_items = _restoring(backend_class.transact_write_items)


def _plain(value: Any) -> Any:
    """Convert moto's objects to plain JSON; replaces moto's function, which returns binary content as bytes."""
    if isinstance(value, DynamoType):
        value = {value.type: value.value}
    elif hasattr(value, "to_json"):
        value = value.to_json()
    match value:
        case bytes():
            return b64encode(value).decode()
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value


def _make_item(item: Any, hash_key: Any, range_key: Any, attrs: dict[str, Any]) -> None:
    """Make an item; replaces the constructor of moto's class."""
    item.hash_key, item.range_key, item.attrs = hash_key, range_key, LimitedSizeDict()
    for name, value in attrs.items():
        dict.__setitem__(item.attrs, name, DynamoType(value))
    if item.size() > _LARGEST_ITEM_BYTES:
        raise ItemSizeTooLarge


def _copied(of: Any) -> Any:
    """Copy a value of moto's, or an element of a set, which is none."""
    if type(of) is not DynamoType:
        return of
    made: Any = object.__new__(DynamoType)
    made.type, made.value = of.type, of.value
    match of.value:
        case list():
            made.value = [_copied(each) for each in of.value]
        case dict():
            made.value = {name: _copied(each) for name, each in of.value.items()}
    return made


def _serialised(of: Any) -> dict[str, Any]:
    """Return a value of moto's as JSON that shares nothing with it; replaces moto's method."""
    value = of.value
    match value:
        case list():
            value = [_serialised(each) if type(each) is DynamoType else each for each in value]
        case dict():
            value = {name: _serialised(each) for name, each in value.items()}
        case str() if of.is_binary():
            value = b64decode(value)
    return {of.type: value}


@lru_cache(_EXPRESSIONS)
def _tokens(condition: str) -> Sequence[Any]:
    """Return the tokens of a condition, which moto does not change."""
    return tuple(_LEX(ConditionExpressionParser(condition, {}, {})))


def _patch_expressions() -> None:
    """Parse each text once, check the whole of it once, and walk over its nodes without slow type checks."""
    _untyped(ConditionExpressionParser)._lex_condition_expression = (  # noqa: SLF001  # moto has no public way
        lambda parser: deque(_tokens(parser.condition_expression))
    )
    _untyped(models).UpdateExpressionParser = _untyped(responses).UpdateExpressionParser = _Parser
    _untyped(ast_nodes).DepthFirstTraverser.traverse_node_recursively = _walk
    for validator, check in (
        (validators.ActionCountValidator, validators.ActionCountValidator.verify_action_counts),
        (validators.OverlappingPathsValidator, validators.OverlappingPathsValidator.check_for_overlapping_paths),
    ):
        _untyped(validator).traverse = check


_LEX: Any = vars(ConditionExpressionParser)["_lex_condition_expression"]
_NODES: Any = vars(ast_nodes)["Node"]


class _Parser:
    """moto's parser, which remembers what it returned; moto changes copies of it only."""

    make = staticmethod(lru_cache(_EXPRESSIONS)(vars(models)["UpdateExpressionParser"].make))


def _walk(traverser: Any, node: Any, child_id: int = -1) -> Any:
    """Process nodes, the inner ones first; replaces moto's method."""
    kinds = traverser.nodes_to_be_processed()

    def walk(node: Any, child_id: int) -> Any:
        if not _is_one_of(type(node), _NODES):
            return node
        parent = node.parent
        for number, child in enumerate(node.children or ()):
            traverser.pre_processing_of_child(node, number)
            walk(child, number)
        if _is_one_of(type(node), kinds):
            node = traverser.process(node)
            node.parent = parent
            if parent:
                parent.children[child_id] = node
        return node

    return walk(node, child_id)


_is_one_of: Callable[[Any, Any], bool] = cache(issubclass)


def _untyped(of: Any) -> Any:
    return of


def _restoring(transact: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    @wraps(transact)
    def transact_write_items(backend: Any, transact_items: Sequence[dict[str, Any]]) -> None:
        named = [(table, *place, deepcopy(table.get_item(*place))) for table, place in _named(backend, transact_items)]
        streams = [(shard, len(shard.items)) for table in backend.tables.values() if (shard := table.stream_shard)]
        try:
            transact(backend, transact_items)
        except Exception:
            for each in named:
                _put_back(*each)
            for shard, length in streams:
                del shard.items[length:]
            raise

    return transact_write_items


def _named(backend: Any, actions: Sequence[dict[str, Any]]) -> Iterator[tuple[Any, tuple[Any, Any]]]:
    """Yield the table and the key of each item that actions name."""
    for (request,) in (action.values() for action in actions):
        table = backend.tables.get(request["TableName"])
        key = request.get("Item") or request["Key"]
        if table:
            sort_key = table.range_key_attr
            yield table, (DynamoType(key[table.hash_key_attr]), DynamoType(key[sort_key]) if sort_key else None)


def _put_back(table: Any, partition_key: Any, sort_key: Any, item: Any) -> None:
    """Restore an item, or delete it if there was none."""
    where, key = (table.items, partition_key) if sort_key is None else (table.items[partition_key], sort_key)
    if item is None:
        where.pop(key, None)
    else:
        where[key] = item
