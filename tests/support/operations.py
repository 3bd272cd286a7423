"""Counts what a computation does, so that tests can tell how it grows without a clock.

An operation is a line of Python that is run, each turn of a loop included, or a character of the
text that is copied or looked at by a method of `str` or by a pattern of a module. What libraries in
C do besides is not counted.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType
from typing import Any, SupportsIndex


class Counter:
    """How many operations there were."""

    def __init__(self) -> None:
        self.count: int = 0

    def lines_of(self, run: Callable[[], object]) -> None:
        """Counts the lines that a computation runs."""

        def trace(frame: FrameType, event: str, arg: Any) -> Any:
            self.count += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            run()
        finally:
            sys.settrace(before)


class CountedText(str):
    """A text that counts its characters that are copied or looked at."""

    counter: Counter

    def __getitem__(self, key: SupportsIndex | slice[Any, Any, Any]) -> str:
        found = str.__getitem__(self, key)
        self.counter.count += len(found)
        return found


_WITH_BOUNDS = ("find", "index", "rfind", "rindex", "count")


def _counting(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    def counted(self: CountedText, *args: Any) -> Any:
        found = method(self, *args)
        start, end = 0, len(self)
        if name in _WITH_BOUNDS:
            start = args[1] if len(args) > 1 else start
            end = min(*args[2:], end) if args[2:] else end
        if name in ("find", "index") and found >= 0:
            end = found
        elif name in ("rfind", "rindex") and found >= 0:
            start = found
        self.counter.count += max(end - start, 0)
        return found

    return counted


for _name in ("find", "index", "rfind", "rindex", "count", "split", "splitlines", "strip", "lower"):
    setattr(CountedText, _name, _counting(_name))
for _name in ("replace", "encode", "translate", "isspace", "__contains__", "lstrip", "rstrip"):
    setattr(CountedText, _name, _counting(_name))


class CountedPattern:
    """A pattern that counts the characters that it looks at."""

    def __init__(self, pattern: re.Pattern[str], counter: Counter) -> None:
        self._pattern = pattern
        self._counter = counter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)

    def _counted(self, match: re.Match[str] | None, start: int, end: int) -> Any:
        self._counter.count += (match.end() if match else end) - start
        return match

    def match(self, text: str, pos: int = 0, *end: int) -> Any:
        """As the pattern's own; where it does not match at once, that costs nothing."""
        return self._counted(self._pattern.match(text, pos, *end), pos, pos)

    def search(self, text: str, pos: int = 0, *end: int) -> Any:
        """As the pattern's own."""
        return self._counted(self._pattern.search(text, pos, *end), pos, min((*end, len(text))))

    def finditer(self, text: str, pos: int = 0, *end: int) -> Iterator[Any]:
        """As the pattern's own."""
        self._counter.count += min((*end, len(text))) - pos
        return self._pattern.finditer(text, pos, *end)

    def sub(self, new: Any, text: str, *count: int) -> str:
        """As the pattern's own."""
        self._counter.count += len(text)
        return self._pattern.sub(new, text, *count)


def count_patterns(monkeypatch: Any, counter: Counter) -> None:
    """Counts what the patterns of all modules of the package look at."""
    modules: list[ModuleType] = [
        module for name, module in sys.modules.items() if name.startswith("schedule_builder.")
    ]
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, re.Pattern):
                monkeypatch.setattr(module, name, CountedPattern(value, counter))
