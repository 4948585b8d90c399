"""pydantic's JSON Schemas as OpenAPI wants them: public models in `components`, the rest in place."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from application_status.intake.atsi.read_back import ApplicationView

_REFERENCE = "#/components/schemas/{model}"
_UUID = {"format": "uuid"}  # other spellings are accepted too, but this is the one to send


class Schemas:
    """Collects the schemas of the models that are referred to."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def refer(self, model: type[BaseModel]) -> dict[str, str]:
        """Return a reference to a model's schema, which joins the components."""
        own = model.model_json_schema(mode=_mode(model), ref_template=_REFERENCE)
        parts = own.pop("$defs", {})
        for name, schema in {**parts, model.__name__: own}.items():
            if not name.startswith("_"):
                tidy = _tidy(schema, parts)
                if self.components.setdefault(name, tidy) != tidy:
                    raise ValueError(f"two models are named {name}")
        return {"$ref": _REFERENCE.format(model=model.__name__)}


def query_parameters(model: type[BaseModel], schemas: Schemas) -> list[dict[str, Any]]:
    """Return the query parameters that a model has as fields."""
    schemas.refer(model)
    properties = schemas.components.pop(model.__name__)["properties"]
    return [_parameter(name, schema) for name, schema in properties.items()]


def _parameter(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field as a parameter, which is left out rather than null."""
    rest = {key: value for key, value in schema.items() if key not in ("description", "anyOf")}
    given: dict[str, Any] = next((each for each in schema.get("anyOf", ()) if each != {"type": "null"}), {})
    return {"name": name, "in": "query", "description": schema["description"], "schema": {**given, **rest}}


def _mode(model: type[BaseModel]) -> JsonSchemaMode:
    return "serialization" if model is ApplicationView else "validation"


def _tidy(schema: Any, parts: Mapping[str, Any]) -> Any:
    """Return a schema without pydantic's titles and empty defaults, private parts in place."""
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
