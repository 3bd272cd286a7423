"""Pages of HTML that hold all they need: scripts, styles and data."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from typing import Any

_ASSETS = files("schedule_builder.web") / "assets"
_MEANT_BY_HTML = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
"""Characters that could end the element that holds the data."""


def asset(name: str) -> str:
    """A file of the built pages."""
    return (_ASSETS / name).read_text(encoding="utf-8")


def page(name: str, title: str, data: Any, nonce: str = "") -> str:
    """A page that fetches nothing.

    Its policy allows the script and the style that it holds, by their hashes, and no others.

    Args:
        name: the script and the style, `report` or `edit`.
        title: the title of the window.
        data: what the script reads; plain data for JSON.
        nonce: see `policy`.
    """
    script, style = asset(f"{name}.js"), asset(f"{name}.css")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.translate(_MEANT_BY_HTML)
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy(name, nonce)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        '<div id="page"><noscript>This page needs JavaScript.</noscript></div>',
        f'<script type="application/json" id="data">{text}</script>',
        f"<script>{script}</script>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(lines)


def policy(name: str, nonce: str = "") -> str:
    """The policy of a page: the script and the style that it holds, and nothing else.

    Args:
        name: the script and the style.
        nonce: what style sheets that the script makes have to carry. Such a page may send requests
            to where it came from.
    """
    script, style = asset(f"{name}.js"), asset(f"{name}.css")
    own = f" 'nonce-{nonce}'" if nonce else ""
    parts = [
        "default-src 'none'",
        f"script-src {_hash(script)}",
        f"style-src {_hash(style)}{own}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    # The lines under findings are pictures in the style sheet.
    more = ["connect-src 'self'", "img-src data:"] if nonce else []
    return "; ".join([*parts, *more])


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
