"""`make openapi`: writes docs/openapi.yaml."""

from pathlib import Path

import yaml

from openapi.document import document

PATH = Path(__file__).parents[2] / "docs/openapi.yaml"


class _Dumper(yaml.SafeDumper):
    """Writes what occurs twice twice, rather than as an anchor."""

    def ignore_aliases(self, _data: object) -> bool:
        """Say that nothing is to be shared."""
        return True


def text() -> str:
    """Return the description in YAML."""
    return yaml.dump(document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
