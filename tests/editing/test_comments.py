"""What suppresses findings does so after every edit, and no edit writes a control character raw."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from schedule_builder.compiler import Config, examine, unsuppressed
from schedule_builder.diagnostics import ConfigError, Source
from schedule_builder.editing.convert import convert
from schedule_builder.editing.errors import EditingError
from schedule_builder.editing.format import format_text
from schedule_builder.editing.rescale import rescale
from schedule_builder.editing.set import Setting, edit

HIDDEN = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
CONTROLS = "\0\x01\x07\b\x0b\x0c\x1b\x7f\x80\x85\x9b\x9f\u2028" + HIDDEN
TEXTS = st.text(st.sampled_from("ab c#\"'\\:{}[]" + CONTROLS), max_size=8)
CODES = ["SB414", "SB402", "SB404", "unknown-field", "SB414, SB402"]
COMMENTS = st.one_of(
    st.just(""),
    st.sampled_from(["", *(f"[{code}]" for code in CODES)]).map(
        lambda codes: f"# schedule-builder: ignore{codes}"
    ),
    TEXTS.map(lambda text: f"# {''.join(text.splitlines())}"),
)
LINES = 8
TEXT = """{0}
train_config {{ {1}
  num_steps: 1000 {2}
  fine_tune_checkpoint: "{name}" {3}
  {4}
  optimizer {{
    sgd_optimizer {{
      learning_rate {{
        exponential_decay_learning_rate {{ {5}
          initial_learning_rate: {rate} {6}
          decay_steps: {steps} {7}
        }}
      }}
    }}
  }}
}}
"""


def escaped(text: str) -> str:
    """What stands between double quotes for a text."""
    return "".join(
        c if c.isascii() and c.isprintable() and c not in "\"\\'" else f"\\u{ord(c):04x}"
        for c in text
    )


FILES = st.builds(
    lambda comments, name, rate, steps: TEXT.format(
        *comments, name=escaped(name), rate=rate, steps=steps
    ),
    st.lists(COMMENTS, min_size=LINES, max_size=LINES),
    TEXTS,
    st.sampled_from(["0.1", "50"]),
    st.sampled_from(["100", "100000"]),
)
IGNORED = "# schedule-builder: ignore[SB414]"
EDITS: dict[str, Callable[[Config], str]] = {
    "set": lambda c: edit(c, [Setting("fine_tune_checkpoint", "b\x1b\u202e\x85\x9b")]).text,
    "rescale": lambda c: rescale(c, 2000),
    "fmt": lambda c: format_text(c.filename, c.document.source.text),
    "convert to YAML": lambda c: convert(c, "yaml"),
    "convert to text": lambda c: convert(c, "text"),
}


def read(text: str, is_yaml: bool) -> Config:
    return examine(Source("a.yaml" if is_yaml else "a.config", text))


def hidden(text: str) -> Counter[str]:
    """The characters that are not shown as they are."""
    return Counter(
        c for c in text if c in HIDDEN or (unicodedata.category(c) == "Cc" and c not in "\n\r\t")
    )


def findings(config: Config) -> tuple[Counter[str], Counter[str]]:
    """The codes of what is found, and of what is not suppressed."""
    return (
        Counter(found.code for found in config.diagnostics),
        Counter(found.code for found in unsuppressed(config)),
    )


@pytest.mark.parametrize("name", EDITS)
@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@example(text=TEXT.format(*[IGNORED] * LINES, name="a", rate="50", steps="100"), is_yaml=False)
@example(
    text=TEXT.format(*["# \x1b[31m"] * LINES, name="\\u202e", rate="50", steps="100"), is_yaml=False
)
@given(text=FILES, is_yaml=st.booleans())
def test_comments_and_strings(name: str, text: str, is_yaml: bool) -> None:
    before = read(text, is_yaml=False)
    if is_yaml:
        try:
            before = read(convert(before, "yaml"), is_yaml=True)
        except (EditingError, ConfigError):
            assume(False)
    try:
        after_text = EDITS[name](before)
    except (EditingError, ConfigError):
        return
    is_yaml = name == "convert to YAML" or (is_yaml and name != "convert to text")
    after = read(after_text, is_yaml)
    assert findings(after) == findings(before)
    # Comments stay as they are; all else is escaped.
    assert hidden(after_text) <= hidden(before.document.source.text)


def test_most_of_it_is_not_refused() -> None:
    """The property would hold of edits that refuse everything."""
    comments = [IGNORED if line in (2, 3, 6, 7) else "" for line in range(LINES)]
    ignored = TEXT.format(*comments, name="\\u001b\\u202e", rate="50", steps="100")
    for name, make in EDITS.items():
        assert IGNORED in make(read(ignored, is_yaml=False)), name
