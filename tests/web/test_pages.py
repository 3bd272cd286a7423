"""The pages in a real browser: typed to, dragged, saved, searched, and read by axe."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NODE = Path(__file__).parents[2] / "web" / "node_modules"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
QUIET = ("quic", "background-networking", "component-update", "sync", "gpu")
IS_INSTALLED = (NODE / "axe-core").is_dir() and find_spec("playwright") is not None
pytestmark = [
    pytest.mark.skipif(not IS_INSTALLED, reason="`make test-web` installs it"),
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium, which is a system package"),
]
CHART = "document.querySelector('.chart').chart"
WHITE = "rgb(255, 255, 255)"
CONFIG = """\
# What we train on pets.
train_config {
  batch_size: 16  # a replica
  num_steps: 1000
  optimizer {
    momentum_optimizer {
      learning_rate {
        manual_step_learning_rate {
          initial_learning_rate: 0.02
          schedule { step: 600 learning_rate: 0.002 }
          schedule { step: 800 learning_rate: 0.0002 }
        }
      }
    }
  }
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        flags = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in QUIET)]
        yield play.chromium.launch(executable_path=CHROMIUM, args=flags)


def opened(browser: Any, address: str, **options: Any) -> Any:
    """A page at an address; whatever it complains of fails the test."""
    page = browser.new_page(**options)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
    page.complaints = []
    page.goto(address)
    return page


def shows(locator: Any, count: int) -> None:
    """Waits until a page has so many of what is looked for."""
    pytest.importorskip("playwright.sync_api").expect(locator).to_have_count(count)


def until(page: Any, condition: str) -> None:
    """Waits until a condition holds. Playwright's own way is what the page's policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    pytest.fail(condition)


def violations(page: Any) -> list[str]:
    """What axe finds."""
    # Run as the page's own script would: its policy forbids others.
    page.evaluate((NODE / "axe-core" / "axe.min.js").read_text(encoding="utf-8") + ";0")
    found = page.evaluate("axe.run()")["violations"]
    return [f"{v['id']}: {[n['html'] for n in v['nodes']]}" for v in found]


# --- the report ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    (folder / "pets.config").write_text(CONFIG)
    (folder / "late.config").write_text(CONFIG.replace("num_steps: 1000", "num_steps: 700"))
    (folder / "odd.config").write_text(CONFIG.replace("0.02", "</script><b>odd</b>"))
    constant = "constant_learning_rate { learning_rate: 0.5 }"
    (folder / "constant.pbtxt").write_text(constant)
    return report_of(folder)


def report_of(folder: Path) -> str:
    """The address of a report about a folder."""
    command = [sys.executable, "-m", "schedule_builder", "report", ".", "-o", "report.html"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return (folder / "report.html").as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_searches_filters_and_compares(browser: Any, report: str, scheme: str) -> None:
    page = opened(browser, report, color_scheme=scheme)
    names = page.locator(".list .name")
    assert names.all_text_contents() == [
        "constant.pbtxt",
        "late.config",
        "odd.config",
        "pets.config",
    ]
    page.get_by_label("Search").fill("late")
    shows(page.locator(".list li"), 1)
    assert page.locator("h2").inner_text() == "late.config"
    assert "SB402" in page.locator(".detail").inner_text()
    page.get_by_label("Search").fill("")
    shows(page.locator(".list li"), 4)
    page.locator("#finding").select_option("error")
    assert names.all_text_contents() == ["odd.config"]
    assert "</script><b>odd</b>" in page.locator(".findings").inner_text()
    page.locator("#finding").select_option("none")
    page.locator("#kind").select_option("manual_step_learning_rate")
    assert names.all_text_contents() == ["pets.config"]
    page.get_by_label("Compare with").select_option(label="constant.pbtxt")
    assert page.locator(".legend li").all_text_contents() == ["pets.config", "constant.pbtxt"]
    assert page.locator(".side").count() == 2
    assert violations(page) == []
    assert page.complaints == []


def test_the_report_is_read_with_keys_alone(browser: Any, report: str) -> None:
    page = opened(browser, f"{report}#pets.config")
    assert page.locator("h2").inner_text() == "pets.config"
    page.locator(".plot").focus()
    page.keyboard.press("Home")
    spoken = page.locator(".chart [aria-live]")
    assert spoken.inner_text() == "step 0: 0.02"
    page.keyboard.press("Shift+ArrowRight")
    assert spoken.inner_text() == "step 600: 0.002"
    page.keyboard.press("ArrowLeft")
    assert spoken.inner_text() == "step 599: 0.02"
    page.keyboard.press("+")
    page.keyboard.press("l")
    assert page.get_by_role("button", name="Logarithmic").get_attribute("aria-pressed") == "true"
    page.locator(".list").focus()
    page.keyboard.press("Home")
    assert page.locator("h2").inner_text() == "constant.pbtxt"
    page.keyboard.press("ArrowDown")
    assert page.locator("h2").inner_text() == "late.config"
    assert page.url.endswith("#late.config")


def test_an_address_that_names_nothing_shows_the_first_schedule(browser: Any, report: str) -> None:
    page = opened(browser, f"{report}#%E0%A4%A")
    assert page.locator("h2").inner_text() == "constant.pbtxt"
    page.get_by_label("Search").fill("no such words")
    page.locator(".shown", has_text="0 of 4 shown").wait_for()
    assert violations(page) == []
    assert page.complaints == []


def test_the_report_fetches_nothing(browser: Any, report: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report)
    page.wait_for_selector(".plot canvas")
    assert asked == [report]


CUT = """[...document.querySelectorAll("body, pre, table, .cm-content, .scrolls")].filter(
  e => e.scrollWidth > e.clientWidth + 1 || getComputedStyle(e).overflowY === "auto"
    && e.scrollHeight > e.clientHeight + 1).map(e => e.className || e.tagName)"""
"""What does not fit on paper."""


def test_paper_gets_light_colors_and_all_that_is_shown(browser: Any, tmp_path: Path) -> None:
    stages = "".join(f"schedule {{ step: {i} learning_rate: 0.002{i} }}\n" for i in range(1, 40))
    stages += f"# {'long ' * 100}"
    (tmp_path / "a.config").write_text(CONFIG.replace("0.02\n", f"0.02 # {'x' * 150}\n{stages}\n"))
    options = {"viewport": {"width": 720, "height": 900}, "color_scheme": "dark"}
    page = opened(browser, report_of(tmp_path), **options)
    editor = Editor(tmp_path / "a.config", (tmp_path / "a.config").read_text())
    for paper in (page, editor.open(browser, **options)):
        assert paper.evaluate(CUT) != []
        paper.emulate_media(media="print")
        until(paper, f"{CHART}.plot.axes[0].stroke() === '#1c2330'")
        hidden = "nav, .tools, .hint, .compare, .save, .status, .controls, .cm-cursorLayer"
        assert not any(e.is_visible() for e in paper.locator(hidden).all())
        assert paper.evaluate("getComputedStyle(document.body).backgroundColor") == WHITE
        assert paper.locator("tbody tr").count() == 42
        until(paper, f"{CUT}.length === 0")
    editor.close()


@pytest.mark.parametrize("width", [640, 320])
def test_a_page_enlarged_does_not_scroll_sideways(
    browser: Any, report: str, editor: Editor, width: int
) -> None:
    """As at 200 and 400 percent of a window of 1280."""
    options = {"viewport": {"width": width, "height": 400}, "reduced_motion": "reduce"}
    page = opened(browser, f"{report}#pets.config", **options)
    page.get_by_label("Compare with").select_option(label="constant.pbtxt")
    for small in (page, editor.open(browser, **options)):
        assert small.evaluate("document.documentElement.scrollWidth") == width
        assert violations(small) == []
        assert small.evaluate("document.getAnimations().length") == 0


# --- the editor ---------------------------------------------------------------------------------


class Editor:
    """A running `schedule-builder edit`, and its file."""

    def __init__(self, path: Path, text: str = CONFIG, *options: str) -> None:
        self.path = path
        path.write_text(text)
        command = [sys.executable, "-m", "schedule_builder", "edit", str(path)]
        command += ["--no-browser", *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        found = re.search(r"http://\S+", self.process.stderr.readline())
        assert found
        self.address = found[0]

    def open(self, browser: Any, **options: Any) -> Any:
        page = opened(browser, self.address, **options)
        page.wait_for_selector(".control")
        return page

    def text(self, page: Any) -> str:
        """What the editor holds."""
        return str(
            page.evaluate("document.querySelector('.cm-content').cmTile.view.state.doc.toString()")
        )

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    editor = Editor(tmp_path / "pets.config")
    yield editor
    editor.close()


def replace_word(page: Any, word: str, new: str) -> None:
    """Selects a word of the text with the mouse, and types another one."""
    page.locator(".cm-line", has_text=word).first.get_by_text(word, exact=True).dblclick()
    page.keyboard.type(new)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_typing_shows_findings_at_their_line(browser: Any, editor: Editor, scheme: str) -> None:
    page = editor.open(browser, color_scheme=scheme)
    assert page.locator(".beside h2").first.inner_text() == "No findings"
    replace_word(page, "1000", "700")
    place = page.locator(".finding .place")
    place.wait_for()
    assert "SB402" in page.locator(".finding").inner_text()
    assert page.locator(".cm-lint-marker-warning").count() == 1
    place.click()
    assert page.evaluate("document.activeElement.className").startswith("cm-content")
    assert violations(page) == []
    assert page.complaints == []


def test_an_error_is_marked_and_the_saved_curve_stays(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    replace_word(page, "0.02", "oops")
    page.locator(".finding.error").wait_for()
    assert page.locator(".cm-lint-marker-error").count() == 1
    assert page.locator(".plot canvas").count() == 1
    page.keyboard.press("Control+z")
    page.locator("h2", has_text="No findings").wait_for()


def test_fields_are_completed_and_explained(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    page.locator(".cm-line", has_text="num_steps").click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("gradient_cl")
    page.locator(".cm-completionLabel", has_text="gradient_clipping_by_norm").wait_for()
    page.wait_for_timeout(120)  # CodeMirror ignores Enter in a menu that has only just come up.
    page.keyboard.press("Enter")
    page.locator(".cm-line", has_text="gradient_clipping_by_norm:").wait_for()
    page.locator(".cm-line span", has_text="num_steps").hover()
    assert "num_steps" in page.locator(".documentation").inner_text()
    assert violations(page) == []


def test_a_slider_and_a_number_write_into_the_text(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    page.get_by_label("schedule[0].step", exact=True).fill("650")
    page.keyboard.press("Enter")
    page.locator(".status", has_text="600 -> 650").wait_for()
    expected = CONFIG.replace("step: 600", "step: 650")
    assert editor.text(page) == expected
    slider = page.get_by_label("batch_size, slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".status", has_text="batch_size: 16 -> 17").wait_for()
    assert editor.text(page) == expected.replace("batch_size: 16", "batch_size: 17")
    assert editor.path.read_text() == CONFIG  # not before it is saved
    page.get_by_label("num_steps", exact=True).fill("many")
    page.keyboard.press("Enter")
    page.locator(".status", has_text="many").wait_for()
    assert editor.text(page) == expected.replace("batch_size: 16", "batch_size: 17")


def drag(page: Any, kind: str, step: int, right: int, down: int) -> None:
    """Drags a handle by so many pixels."""
    handle = page.evaluate(
        "([kind, step]) => { const c = document.querySelector('.chart').chart;"
        " return c.placeOf(c.handles.find(h => h.kind === kind && h.step === step)); }",
        [kind, step],
    )
    page.mouse.move(handle["x"], handle["y"])
    page.mouse.down()
    page.mouse.move(handle["x"] + right / 2, handle["y"] + down / 2, steps=3)
    page.mouse.move(handle["x"] + right, handle["y"] + down, steps=3)
    page.mouse.up()


def test_a_boundary_and_the_peak_are_dragged(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    drag(page, "boundary", 600, -60, 0)
    shows(page.locator(".cm-line", has_text="step: 600"), 0)
    moved = int(re.findall(r"step: (\d+)", editor.text(page))[0])
    assert 400 < moved < 590
    assert editor.text(page) == CONFIG.replace("step: 600", f"step: {moved}")
    page.keyboard.press("Tab")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+z")
    assert editor.text(page) == CONFIG  # one drag is one step of undo
    shows(page.locator(".save:disabled"), 1)
    page.wait_for_timeout(300)
    drag(page, "peak", 299, 0, 60)
    shows(page.locator(".cm-line", has_text="rate: 0.02"), 0)
    rate = re.search(r"initial_learning_rate: (\S+)", editor.text(page))
    assert rate
    assert 0.01 < float(rate[1]) < 0.0195
    assert len(rate[1]) <= 6


def ends(page: Any) -> list[float]:
    """The first and the last step that the chart shows."""
    found: list[float] = page.evaluate(f"(x => [x.min, x.max])({CHART}.plot.scales.x)")
    return found


def place(page: Any, across: float) -> tuple[float, float]:
    """A place in the chart, as a share of its width; nothing can be dragged there."""
    # In one turn: the chart may be drawn again at any time.
    box = page.evaluate(f"{CHART}.plot.over.getBoundingClientRect().toJSON()")
    return box["x"] + box["width"] * across, box["y"] + box["height"] * 0.4


def zoom(page: Any, first: float, last: float) -> None:
    """Drags over a part of the chart."""
    page.mouse.move(*place(page, first))
    page.mouse.down()
    page.mouse.move(*place(page, last), steps=3)
    page.mouse.up()


def test_the_mouse_zooms_and_reads_the_curve(browser: Any, report: str) -> None:
    page = opened(browser, f"{report}#pets.config")
    page.mouse.move(*place(page, 0.3))
    reading = page.locator(".reading")
    before = reading.inner_text()
    assert re.fullmatch(r"step (29\d|30\d): 0.02", before)
    zoom(page, 0.5, 0.75)
    assert ends(page) == pytest.approx([500, 750], abs=5)
    page.mouse.move(*place(page, 0.8))
    assert re.fullmatch(r"step (69\d|70\d): 0.002", reading.inner_text())
    page.get_by_role("button", name="Logarithmic").click()
    assert ends(page) == pytest.approx([500, 750], abs=5)
    zoom(page, 0.5, 0.505)  # A hand that shakes while it clicks does not zoom.
    assert ends(page) == pytest.approx([500, 750], abs=5)
    page.mouse.dblclick(*place(page, 0.5))
    assert ends(page) == [0, 1000]
    zoom(page, 0.1, 0.9)
    page.locator(".list").focus()
    page.keyboard.press("Home")  # Another schedule is shown as a whole.
    assert ends(page)[0] == 0


def test_handles_are_dragged_where_the_chart_is_zoomed_and_logarithmic(
    browser: Any, editor: Editor
) -> None:
    page = editor.open(browser)
    page.get_by_role("button", name="Logarithmic").click()
    zoom(page, 0.2, 0.7)
    drag(page, "boundary", 600, -40, 0)
    shows(page.locator(".cm-line", has_text="step: 600"), 0)
    moved = int(re.findall(r"step: (\d+)", editor.text(page))[0])
    width = page.evaluate(f"{CHART}.plot.over.clientWidth")
    assert moved == pytest.approx(600 - 40 / width * 500, abs=5)
    assert ends(page) == pytest.approx([200, 700], abs=5)
    page.locator("h2", has_text="No findings").wait_for()
    until(page, f"{CHART}.handles[0].step === {moved}")
    peak = page.evaluate(f"{CHART}.handles.find(h => h.kind === 'peak').step")
    low = page.evaluate(f"{CHART}.plot.posToVal({CHART}.plot.valToPos(0.02, 'y') + 60, 'y')")
    drag(page, "peak", peak, 0, 60)
    shows(page.locator(".cm-line", has_text="rate: 0.02"), 0)
    rate = re.search(r"initial_learning_rate: (\S+)", editor.text(page))
    assert rate
    assert float(rate[1]) == pytest.approx(low, rel=0.02)
    until(page, f"{CHART}.handles.some(h => h.kind === 'peak' && h.rate === {rate[1]})")
    # Of a run that ends before the part that was shown, all is shown.
    page.mouse.dblclick(*place(page, 0.5))
    zoom(page, 0.85, 0.95)
    page.get_by_label("num_steps", exact=True).fill("820")
    page.keyboard.press("Enter")
    page.locator(".status", has_text="1000 -> 820").wait_for()
    assert ends(page)[0] > 800  # The saved curve is still there.
    page.keyboard.press("Control+s")
    until(page, f"{CHART}.plot.scales.x.min === 0")


FOLLOWS = """() => {
  window.log = [];
  const json = Response.prototype.json;
  Response.prototype.json = async function () {
    const answer = await json.call(this);
    if (answer.curve) {
      const answered = performance.now();
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        const drawn = document.querySelector(".chart").chart.plot.data.at(-1);
        const rates = [answer.curve.rates, drawn].map(all => Math.max(...all));
        log.push([...rates, performance.now() - answered]);
      };
      port2.postMessage(0);
    }
    return answer;
  };
}"""
"""Notes which curve is drawn in the next turn after each answer: no timer is in between."""


def test_the_curve_follows_each_answer_at_once(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    page.evaluate(FOLLOWS)
    for digit in range(3, 7):
        page.get_by_label("initial_learning_rate", exact=True).fill(f"0.0{digit}")
        page.keyboard.press("Enter")
        until(page, f"log.some(([answer]) => answer === 0.0{digit})")
    assert all(drawn == answer for answer, drawn, _ in page.evaluate("log"))


def test_what_cannot_be_dragged_says_why(browser: Any, tmp_path: Path) -> None:
    text = "step_unit: EPOCHS\nexamples_per_epoch: 160\nmulti_step_learning_rate {\n"
    text += "  initial_learning_rate: 0.5\n  milestones: 3\n  decay_factor: 0.1\n}\n"
    editor = Editor(tmp_path / "a.pbtxt", text, "--batch-size", "16", "--num-steps", "50")
    page = editor.open(browser)
    drag(page, "boundary", 30, 40, 0)
    page.locator(".status", has_text="milestones[0]` is not in steps").wait_for()
    assert editor.text(page) == text
    editor.close()


def test_saving_keeps_everything_else(browser: Any, tmp_path: Path) -> None:
    editor = Editor(tmp_path / "pets.config", "")
    data = b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode()
    editor.path.write_bytes(data)
    editor.path.chmod(0o640)
    page = editor.open(browser)
    page.get_by_label("num_steps", exact=True).fill("2000")
    page.keyboard.press("Enter")
    page.locator(".status", has_text="1000 -> 2000").wait_for()
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+s")
    page.locator(".status", has_text="Saved").wait_for()
    assert editor.path.read_bytes() == data.replace(b"num_steps: 1000", b"num_steps: 2000")
    assert editor.path.stat().st_mode & 0o777 == 0o640
    assert page.locator(".save").is_disabled()
    editor.close()


def test_a_file_that_changed_on_the_disk_is_asked_about(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    replace_word(page, "1000", "3000")
    theirs = CONFIG.replace("1000", "4000")
    editor.path.write_text(theirs)
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+s")
    page.locator(".asking", has_text="was changed on the disk").wait_for()
    assert editor.path.read_text() == theirs
    page.get_by_role("button", name="Load what is on the disk").click()
    page.locator(".cm-line", has_text="4000").wait_for()
    assert editor.text(page) == theirs
    editor.path.write_text(CONFIG)
    page.get_by_role("button", name="Keep this text").click(timeout=10_000)
    page.get_by_role("button", name="Save").click()
    page.locator(".status", has_text="Saved").wait_for()
    assert editor.path.read_text() == theirs
    assert violations(page) == []


def test_a_second_tab_does_not_overwrite_the_first(browser: Any, editor: Editor) -> None:
    first, second = editor.open(browser), editor.open(browser)
    for page, steps in ((first, "2000"), (second, "3000")):
        page.get_by_label("num_steps", exact=True).fill(steps)
        page.keyboard.press("Enter")
        page.locator(".status", has_text=f"-> {steps}").wait_for()
        page.get_by_role("button", name="Save").click()
    second.locator(".asking", has_text="was changed on the disk").wait_for()
    assert editor.path.read_text() == CONFIG.replace("1000", "2000")


def test_two_quick_saves_are_not_another_programs_change(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    field = page.get_by_label("num_steps", exact=True)
    field.fill("2000")
    page.keyboard.press("Enter")
    page.locator(".status", has_text="1000 -> 2000").wait_for()
    # From a field, too, and while a save is under way.
    page.evaluate(
        """for (const _ of [1, 2, 3]) {
          document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key: "s", ctrlKey: true, bubbles: true }));
          window.dispatchEvent(new Event("focus"));
        }"""
    )
    page.locator(".status", has_text="Saved").wait_for()
    page.wait_for_timeout(300)
    assert page.locator(".asking").inner_text() == ""
    assert editor.path.read_text() == CONFIG.replace("1000", "2000")


def test_a_number_that_is_entered_while_somebody_types_is_not_lost(
    browser: Any, editor: Editor
) -> None:
    page = editor.open(browser)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.evaluate(
        """() => {
          const field = document.getElementById("field-train_config.num_steps");
          field.value = "2000";
          field.dispatchEvent(new Event("change"));
          const { view } = document.querySelector(".cm-content").cmTile;
          view.dispatch({ changes: { from: view.state.doc.length, insert: "# more" } });
        }"""
    )
    page.locator(".status", has_text="1000 -> 2000").wait_for()
    assert editor.text(page) == CONFIG.replace("1000", "2000") + "# more"


def test_what_is_pasted_ends_its_lines_as_the_file_does(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", "# a\\r\\n# b\\r\\n");
          document.querySelector(".cm-content").dispatchEvent(
            new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )
    assert editor.text(page) == CONFIG + "# a\n# b\n"


def test_keys_alone_leave_the_text_and_undo_a_slider(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    assert page.evaluate("document.activeElement.className").startswith("cm-content")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Logarithmic"
    page.get_by_label("batch_size, slider").focus()
    page.keyboard.press("ArrowRight")
    page.locator(".status", has_text="batch_size: 16 -> 17").wait_for()
    page.keyboard.press("Control+z")
    assert editor.text(page) == CONFIG


def test_a_page_outlives_the_server_and_says_so(browser: Any, editor: Editor) -> None:
    page = editor.open(browser)
    editor.close()
    replace_word(page, "1000", "3000")
    page.locator(".status", has_text="The server has ended").wait_for()
    assert "3000" in editor.text(page)


def test_the_address_without_its_token_is_refused_in_words(browser: Any, editor: Editor) -> None:
    page = browser.new_page()
    page.goto(editor.address.partition("#")[0])
    assert "token" in page.locator(".refused").inner_text()
    page = editor.open(browser)
    assert "#" not in page.url  # nor in the history, nor where the page is shared
    page.reload()
    page.wait_for_selector(".control")


def test_a_page_of_another_site_gets_nothing(browser: Any, editor: Editor) -> None:
    """A browser lets any page send requests here, and says in `Origin` whose they are."""
    address, token = editor.address.split("#")
    page = browser.new_page()
    page.route("http://other.test/", lambda route: route.fulfill(body="<p>hello"))
    page.goto("http://other.test/")
    script = """async ([address, token]) => {
      const simple = await fetch(`${address}api/open`, { method: "POST", mode: "no-cors",
        body: JSON.stringify({}) }).then(r => r.type, e => "failed");
      const asked = await fetch(`${address}api/open`, { method: "POST", body: "{}",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      }).then(r => r.text(), e => "failed");
      return [simple, asked];
    }"""
    simple, asked = page.evaluate(script, [address, token])
    assert simple in ("opaque", "failed")
    assert asked == "failed"


def test_a_name_that_is_made_to_mean_this_machine_is_refused(browser: Any, editor: Editor) -> None:
    port = editor.address.split(":")[2].split("/")[0]
    sync_browser = browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--host-resolver-rules=MAP rebound.test 127.0.0.1"],
    )
    page = sync_browser.new_page()
    response = page.goto(f"http://rebound.test:{port}/")
    assert response.status == 403
    assert "own address" in json.loads(page.inner_text("body"))["error"]
    sync_browser.close()
