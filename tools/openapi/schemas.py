"""JSON Schemas of messages and replies, made by pydantic: public types in `components`, the rest in place."""

from collections.abc import Iterator, Mapping
from types import get_original_bases
from typing import Any, is_typeddict

from pydantic import BaseModel, ConfigDict, TypeAdapter

_REFERENCE = "#/components/schemas/{model}"
_IN_PLACE = {
    "DateText": {"type": "string", "format": "date"},
    "DateTimeText": {"type": "string", "format": "date-time"},
    "UriReference": {"type": "string", "format": "uri-reference"},
}
"""The kinds of text that are described where they occur."""
_UUID = {"format": "uuid"}  # other spellings are accepted too, but this is the one to send


class Schemas:
    """Collects the schemas of the types that are referred to."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def refer(self, kind: type, *, closed: bool) -> dict[str, Any]:
        """Return a reference to a type's schema, which joins the components; a dictionary's is described in place.

        What a type's members mean is said by their docstrings. A closed type has no other members.
        """
        config = ConfigDict(use_attribute_docstrings=True, extra="forbid" if closed else None)
        schema = TypeAdapter(list[kind], config=config).json_schema(ref_template=_REFERENCE)  # type: ignore[valid-type]
        parts = schema.get("$defs", {})
        for base in _bases(kind):
            self.refer(base, closed=closed)  # pydantic reads no docstrings of a base's members
            parts[kind.__name__]["properties"] |= self.components[base.__name__]["properties"]
        for name, part in parts.items():
            if not name.startswith("_") and name not in _IN_PLACE:
                tidy = _tidy(part, parts)
                if self.components.setdefault(name, tidy) != tidy:
                    raise ValueError(f"two types are named {name}")
        reference: dict[str, Any] = schema["items"]
        return reference


def query_parameters(model: type[BaseModel], schemas: Schemas) -> list[dict[str, Any]]:
    """Return the query parameters that a model has as fields."""
    schemas.refer(model, closed=False)
    properties = schemas.components.pop(model.__name__)["properties"]
    return [_parameter(name, schema) for name, schema in properties.items()]


def _parameter(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field as a parameter, which is left out rather than null."""
    rest = {key: value for key, value in schema.items() if key not in ("description", "anyOf")}
    given: dict[str, Any] = next((each for each in schema.get("anyOf", ()) if each != {"type": "null"}), {})
    return {"name": name, "in": "query", "description": schema["description"], "schema": {**given, **rest}}


def _bases(kind: type) -> Iterator[type]:
    if is_typeddict(kind):
        yield from filter(is_typeddict, get_original_bases(kind))


def _tidy(schema: Any, parts: Mapping[str, Any]) -> Any:
    """Return a schema without pydantic's titles and empty defaults, private parts and kinds of text in place."""
    if isinstance(schema, list):
        return [_tidy(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in _IN_PLACE or name.startswith("_"):
        part = _IN_PLACE.get(name) or parts[name]
        schema = {**part, **{key: value for key, value in schema.items() if key != "$ref"}}
    tidy: dict[str, Any] = {
        key: " ".join(value.split()) if key == "description" and isinstance(value, str) else _tidy(value, parts)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and not value)
    }
    if "AtsiApplicationId" in tidy.get("properties", {}):
        tidy["properties"]["AtsiApplicationId"] |= _UUID
    return tidy
