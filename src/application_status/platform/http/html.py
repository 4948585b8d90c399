"""HTML pages that work without scripts and allow only their own style, by hash, in the Content-Security-Policy."""

import base64
import hashlib
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from application_status.platform.http.endpoint import Reply

_SHARED = __package__


class Pages:
    """The HTML pages of a package: its templates and page.css, in the layout and style shared by all pages.

    `form_action` is the Content-Security-Policy's value for the targets of forms.
    """

    def __init__(self, package: str, *, form_action: str = "'none'") -> None:
        style = _read(_SHARED, "base.css") + _read(package, "page.css")
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader(_SHARED)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["style"] = style
        for name in self._templates.list_templates(extensions=["html"]):
            self._templates.get_template(name)  # compile at the start, not with the first request
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
        """Return a page rendered from a template.

        The content has at least a title, the headers at least Content-Language.
        """
        html = self._templates.get_template(template).render(content, language=headers["Content-Language"])
        return {"statusCode": status, "headers": self._headers | headers, "body": html}


def _read(package: str, name: str) -> str:
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")
