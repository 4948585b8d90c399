"""HTML pages that work without scripts and allow only their own style, by hash, in the Content-Security-Policy."""

import base64
import hashlib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from application_status.platform.http.endpoint import Reply, Request
from application_status.platform.http.negotiation import in_language, preferred_texts

_SHARED = __package__

_READABLE_CONTRAST = 4.5  # https://www.w3.org/TR/WCAG22/#contrast-minimum
_LIGHT_GROUND, _DARK_CARD = "#f5f6f8", "#1c222b"  # of base.css: the darkest in light mode, and the lightest in dark


class Brand(NamedTuple):
    """The job board's name on every page, its colour (#rrggbb), and the address of its logo (https; empty for none)."""

    name: str
    color: str
    logo: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Brand":
        """Read the brand from BRAND_NAME, BRAND_COLOR and BRAND_LOGO; each may be missing."""
        name, color = environ.get("BRAND_NAME"), environ.get("BRAND_COLOR")
        return cls(name or "Application status", color or "#0b5cad", environ.get("BRAND_LOGO", ""))

    @property
    def variables(self) -> str:
        """The CSS variables `--brand`, and `--accent`: the colour made readable on light and dark grounds."""
        light, dark = (_readable(self.color, *each) for each in (("#000000", _LIGHT_GROUND), ("#ffffff", _DARK_CARD)))
        return (
            f":root {{ --brand: {self.color}; --accent: {light}; }}\n"
            f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }} }}\n"
        )

    @property
    def logo_origin(self) -> str:
        """The origin of the logo, for the Content-Security-Policy; empty without a logo."""
        parts = urlsplit(self.logo)
        return f"{parts.scheme}://{parts.netloc}" if self.logo else ""


class Link(NamedTuple):
    """An entry of the navigation: its text, its address, and whether it is the page shown."""

    text: str
    address: str
    current: bool


class Frame(NamedTuple):
    """What surrounds a page: its navigation, and where to sign out; empty without a session in the browser."""

    navigation: Sequence[Link]
    sign_out_address: str


_NO_USER = Frame((), "")


class Pages:
    """The HTML pages of a package: its templates and page.css, in the layout and style shared by all pages.

    `form_action` is the Content-Security-Policy's value for the targets of forms. `languages` are those of the
    package's texts; `Accept-Language` chooses among them.
    """

    def __init__(
        self,
        package: str,
        *,
        form_action: str = "'none'",
        languages: Collection[str] = ("en",),
        brand: Brand | None = None,
    ) -> None:
        brand = brand or Brand.of(os.environ)
        style = _compact(f"{brand.variables}{_read(_SHARED, 'base.css')}{_read(package, 'page.css')}")
        self._languages = languages
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package), PackageLoader(_SHARED)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"style": style, "brand": brand}
        for name in self._templates.list_templates(extensions=["html"]):
            self._templates.get_template(name)  # compile at the start, not with the first request
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        images = f"img-src {brand.logo_origin}; " if brand.logo else ""
        self._headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; {images}"
                f"base-uri 'none'; form-action {form_action}; frame-ancestors 'self'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def reply(
        self,
        request: Request,
        status: int,
        template: str,
        headers: Mapping[str, str] | None = None,
        *,
        frame: Frame = _NO_USER,
        **content: Any,
    ) -> Reply:
        """Return a page rendered from a template, with the texts `t` of the language that the request prefers.

        The content has at least a title.
        """
        t = preferred_texts(request, self._languages)
        html = self._templates.get_template(template).render(content, t=t, frame=frame)
        return {"statusCode": status, "headers": {**self._headers, **in_language(t), **(headers or {})}, "body": html}


def _compact(style: str) -> str:
    """Return a style without comments, and without spaces that make no difference."""
    return re.sub(r"\s*([{};,])\s*|(:)\s+", r"\1\2", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))


def _read(package: str, name: str) -> str:
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


def _readable(color: str, mixed_with: str, ground: str) -> str:
    """Return a colour with as little of another one as makes it readable on a ground."""
    shares = (percent / 100 for percent in range(0, 101, 2))
    return next(
        mixed for share in shares if _contrast(mixed := _mix(color, mixed_with, share), ground) >= _READABLE_CONTRAST
    )


def _mix(color: str, other: str, share: float) -> str:
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + bytes(round(one + (two - one) * share) for one, two in pairs).hex()


def _contrast(color: str, ground: str) -> float:
    """Return the contrast of two colours: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    darker, lighter = sorted((_luminance(color), _luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    shares = (part / 255 for part in _channels(color))
    linear = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)  # noqa: PLR2004
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _channels(color: str) -> bytes:
    return bytes.fromhex(color.removeprefix("#"))
