"""HTML pages: readable as they come, without scripts; their own style is allowed by hash, and nothing else."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from application_status.gateway.problems import Reply

_BASE = files(__package__).joinpath("base.css").read_text(encoding="utf-8")


class Pages:
    """The pages of a package: those of its templates, with the style that all pages share and its own page.css.

    `form_action` says where the Content-Security-Policy lets forms lead.
    """

    def __init__(self, package: str, *, form_action: str = "'none'") -> None:
        style = _BASE + files(package).joinpath("templates/page.css").read_text(encoding="utf-8")
        self._templates = Environment(
            loader=PackageLoader(package),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["style"] = style
        for name in self._templates.list_templates(extensions=["html"]):
            self._templates.get_template(name)  # compiled at the start rather than by the first request
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self._headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; "
                f"base-uri 'none'; form-action {form_action}; frame-ancestors 'self'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def reply(self, status: int, template: str, headers: dict[str, str], **content: Any) -> Reply:
        """Return the page that a template makes of its content."""
        html = self._templates.get_template(template).render(content)
        return {"statusCode": status, "headers": self._headers | headers, "body": html}
