"""Takes the pictures of the pages in docs/: the report and the editor, light and dark."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SIZE = {"width": 1200, "height": 720}
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
COMMAND = [sys.executable, "-m", "schedule_builder"]
# A schedule that ends after its run, so that the editor has something to say.
EDITED = {"num_steps: 600": "num_steps: 500"}


def main() -> None:
    """Takes all pictures."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        folder = Path(name)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        report = folder / "report.html"
        subprocess.run([*COMMAND, "report", "configs", "-o", report], cwd=ROOT, check=True)
        address = f"{report.as_uri()}#configs/digits.config"
        take(browser, "report", address, ".plot canvas")
        text = (ROOT / "configs" / "digits.config").read_text(encoding="utf-8")
        text = text[text.index("train_config") :]
        for old, new in EDITED.items():
            text = text.replace(old, new)
        config = folder / "digits.config"
        config.write_text(text, encoding="utf-8")
        command = [*COMMAND, "edit", str(config), "--no-browser"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            found = re.search(r"http://\S+", process.stderr.readline() if process.stderr else "")
            if found is None:
                sys.exit("the editor did not start")
            take(browser, "edit", found[0], ".finding")
            process.terminate()


def take(browser: Any, name: str, address: str, ready: str) -> None:
    """Takes the pictures of a page."""
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport=SIZE, color_scheme=scheme)
        page.goto(address)
        page.locator(ready).first.wait_for()
        page.mouse.move(0, 0)
        page.screenshot(path=DOCS / f"{name}_{scheme}.png", animations="disabled", caret="hide")
        page.close()
        print(f"docs/{name}_{scheme}.png")


if __name__ == "__main__":
    main()
