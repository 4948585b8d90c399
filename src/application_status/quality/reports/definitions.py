"""The meaning of each number of a quality report, in each language of the pages; the API has the English ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from application_status.texts.texts import ENGLISH, Texts

_KEY = "quality.definition."


@dataclass(frozen=True, slots=True)
class Definition:
    """The meaning of a family of measures: its name, its definition, its population, and how open cases count.

    `censoring` is empty if open cases make no difference.
    """

    name: str
    definition: str
    population: str
    censoring: str


def definition(family: str, t: Texts) -> Definition:
    """Return the meaning of a family of measures, such as `reached`."""
    parts = (f"quality.definition.{family}.{part}" for part in ("name", "definition", "population", "censoring"))
    return Definition(*(t(key) if key in t.keys() else "" for key in parts))  # noqa: SIM118  # of texts, not of a mapping


_FAMILIES = sorted(
    key.removeprefix(_KEY).removesuffix(".name")
    for key in ENGLISH.keys()  # noqa: SIM118  # of texts, not of a mapping
    if key.startswith(_KEY) and key.endswith(".name")
)

DEFINITIONS: Mapping[str, Definition] = {family: definition(family, ENGLISH) for family in _FAMILIES}
