"""The documentation site, as far as it can be checked without building it (`make site` does)."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import schedule_builder
from schedule_builder.output.findings import HOMEPAGE
from schedule_builder.rules.pages import KINDS, SITE, address

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
URLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
_TOCTREE = re.compile(r"^```{toctree}\n(?::[^\n]*\n)*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_every_page_is_in_the_navigation() -> None:
    listed = "\n".join(_TOCTREE.findall((DOCS / "index.md").read_text())).split()
    folders = {name.removesuffix("index") for name in listed if name.endswith("/index")}
    top = {page for page in PAGES if not page.startswith(tuple(folders))}
    wanted = top - {"index"} | {f"{folder}index" for folder in folders}
    assert sorted(listed) == sorted(wanted), "list each page of docs/ once in docs/index.md"


def test_every_page_has_one_title() -> None:
    for page in PAGES - {"changelog"}:
        text = re.sub(r"^```.*?^```$", "", (DOCS / f"{page}.md").read_text(), flags=re.S | re.M)
        assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1, page


def test_the_api_page_has_every_public_name() -> None:
    text = (DOCS / "api.md").read_text()
    documented = re.findall(r"^\.\. auto\w+:: (\w+)$", text, re.MULTILINE)
    assert sorted(documented) == sorted(set(schedule_builder.__all__) - {"__version__"})


def test_addresses_are_those_of_the_project() -> None:
    conf = ast.parse((DOCS / "conf.py").read_text())
    constants = {
        node.targets[0].id: node.value.value
        for node in conf.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    assert URLS["Documentation"] == SITE
    assert URLS["Homepage"] == HOMEPAGE == constants["REPOSITORY"]


def test_addresses_of_the_site_are_pages() -> None:
    for url in [*URLS.values(), *map(address, KINDS.values())]:
        if url.startswith(SITE) and url != SITE:
            assert url.removeprefix(SITE).removesuffix(".html") in PAGES, url
