"""Converts pydantic's JSON Schemas for OpenAPI: public models in `components`, private ones inline."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from application_status.intake.atsi.read_back import ApplicationView

_REFERENCE = "#/components/schemas/{model}"
_UUID = {"format": "uuid"}  # other spellings are accepted, but this one is recommended


class Schemas:
    """A collection of the schemas of all models referred to."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def refer(self, model: type[BaseModel]) -> dict[str, str]:
        """Return a reference to a model's schema, and add the schema to the components."""
        own = model.model_json_schema(mode=_mode(model), ref_template=_REFERENCE)
        parts = own.pop("$defs", {})
        for name, schema in {**parts, model.__name__: own}.items():
            if not name.startswith("_"):
                tidy = _tidy(schema, parts)
                if self.components.setdefault(name, tidy) != tidy:
                    raise ValueError(f"two models are named {name}")
        return {"$ref": _REFERENCE.format(model=model.__name__)}


def query_parameters(model: type[BaseModel], schemas: Schemas) -> list[dict[str, Any]]:
    """Return the fields of a model as query parameters."""
    schemas.refer(model)
    properties = schemas.components.pop(model.__name__)["properties"]
    return [_parameter(name, schema) for name, schema in properties.items()]


def _parameter(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field as a query parameter, which can be left out but not null."""
    rest = {key: value for key, value in schema.items() if key not in ("description", "anyOf")}
    given: dict[str, Any] = next((each for each in schema.get("anyOf", ()) if each != {"type": "null"}), {})
    return {"name": name, "in": "query", "description": schema["description"], "schema": {**given, **rest}}


def _mode(model: type[BaseModel]) -> JsonSchemaMode:
    return "serialization" if model is ApplicationView else "validation"


def _tidy(schema: Any, parts: Mapping[str, Any]) -> Any:
    """Return a schema without pydantic's titles and empty defaults, with private models inline."""
    if isinstance(schema, list):
        return [_tidy(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    private = schema.get("$ref", "").rpartition("/")[2]
    if private.startswith("_"):
        schema = {**parts[private], **{key: value for key, value in schema.items() if key != "$ref"}}
    tidy = {
        key: _tidy(value, parts)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and not value)
    }
    if "AtsiApplicationId" in tidy.get("properties", {}):
        tidy["properties"]["AtsiApplicationId"] |= _UUID
    return tidy
