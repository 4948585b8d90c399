"""Converts pydantic's JSON Schemas of messages and replies for OpenAPI: public types in `components`, others inline.

Replies may get new members and new values, so their schemas say that members can be added, and their enumerations are
text with `x-extensible-enum` (https://opensource.zalando.com/restful-api-guidelines/#112): clients that are generated
from them accept both. `additionalProperties: true` says what JSON Schema means without it, because some generators
otherwise write clients that refuse unknown members.
"""

import re
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
"""Types of text whose schemas are inline."""
_UUID = {"format": "uuid"}  # other spellings are accepted, but this one is recommended
_LENGTHS = re.compile(r"\^\[[^]]+\]\{(\d+),(\d+)\}\$")
"""A pattern that allows some characters and a number of them."""


class Schemas:
    """A collection of the schemas of all types referred to.

    `strict` schemas of replies have the members and the values of today, and no others: for tests of the service.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.components: dict[str, Any] = {}
        self._strict = strict

    def refer(self, kind: type, *, reply: bool) -> dict[str, Any]:
        """Return a reference to a type's schema, and add the schema to the components; that of a dictionary is inline.

        The docstrings of a type's members are their descriptions.

        Raises:
            ValueError: there is another type of this name, or messages and replies share it.
        """
        config = ConfigDict(use_attribute_docstrings=True, extra="forbid" if reply and self._strict else None)
        schema = TypeAdapter(list[kind], config=config).json_schema(ref_template=_REFERENCE)  # type: ignore[valid-type]
        parts = schema.get("$defs", {})
        for base in _bases(kind):
            self.refer(base, reply=reply)  # pydantic reads no docstrings of a base's members
            parts[kind.__name__]["properties"] |= self.components[base.__name__]["properties"]
        extensible = reply and not self._strict
        inline = {name for name, part in parts.items() if name.startswith("_") or (extensible and "enum" in part)}
        for name, part in parts.items():
            if name not in inline and name not in _IN_PLACE:
                tidy = _tidy(part, {each: parts[each] for each in inline})
                self._add(name, _extensible(tidy) if extensible else tidy)
        reference: dict[str, Any] = _tidy(schema["items"], {})
        return reference

    def _add(self, name: str, schema: Any) -> None:
        if self.components.setdefault(name, schema) != schema:
            raise ValueError(f"two types are named {name}")


def query_parameters(model: type[BaseModel], schemas: Schemas) -> list[dict[str, Any]]:
    """Return the fields of a model as query parameters."""
    schemas.refer(model, reply=False)
    properties = schemas.components.pop(model.__name__)["properties"]
    return [_parameter(name, schema) for name, schema in properties.items()]


def _parameter(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field as a query parameter, which can be left out but not null."""
    rest = {key: value for key, value in schema.items() if key not in ("description", "anyOf")}
    given: dict[str, Any] = next((each for each in schema.get("anyOf", ()) if each != {"type": "null"}), {})
    return {"name": name, "in": "query", "description": schema["description"], "schema": {**given, **rest}}


def _bases(kind: type) -> Iterator[type]:
    if is_typeddict(kind):
        yield from filter(is_typeddict, get_original_bases(kind))


def _tidy(schema: Any, inline: Mapping[str, Any]) -> Any:
    """Return a schema without titles and what is so by default, with some types and the types of text inline."""
    if isinstance(schema, list):
        return [_tidy(each, inline) for each in schema]
    if not isinstance(schema, dict):
        return schema
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in _IN_PLACE or name in inline:
        part = _IN_PLACE.get(name) or inline[name]
        schema = {**part, **{key: value for key, value in schema.items() if key != "$ref"}}
    tidy: dict[str, Any] = {
        key: " ".join(value.split()) if key == "description" and isinstance(value, str) else _tidy(value, inline)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and not value)
        and not (key == "additionalProperties" and value is True)
    }
    if tidy.get("properties", {}).get("AtsiApplicationId", {}).get("type") == "string":
        tidy["properties"]["AtsiApplicationId"] |= _UUID
    if isinstance(pattern := tidy.get("pattern"), str) and (lengths := _LENGTHS.fullmatch(pattern)):
        tidy |= {"minLength": int(lengths[1]), "maxLength": int(lengths[2])}
    return tidy


def _extensible(schema: Any) -> Any:
    """Return a schema that accepts members and values that are added later, and says so."""
    if isinstance(schema, list):
        return [_extensible(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    opened = {key: _extensible(value) for key, value in schema.items()}
    if "properties" in opened:
        opened.setdefault("additionalProperties", True)
    if isinstance(opened.get("type"), str) and (values := _values(opened)):
        opened["x-extensible-enum"] = values
        described = f"{opened.get('description', '')} One of {', '.join(values)}; new values may be added."
        opened["description"] = described.lstrip()
    return opened


def _values(schema: dict[str, Any]) -> list[str]:
    """Remove a schema's enumerated or only value; return the values."""
    only = schema.pop("const", None)
    found: list[str] = schema.pop("enum", [only] if only else [])
    return found
