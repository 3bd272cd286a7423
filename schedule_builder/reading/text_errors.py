"""The messages about tokens of text format."""

from __future__ import annotations

from schedule_builder.diagnostics import Words, shown
from schedule_builder.reading.counts import unit_for
from schedule_builder.reading.text_lexer import Lexer, Token, is_number
from schedule_builder.reading.tree import CURLY_QUOTES

_INVISIBLE = {"\xa0": "no-break space", "\u200b": "zero-width space", "\ufeff": "byte-order mark"}


def what_is_wrong(lexer: Lexer, expected: Words) -> Words:
    """The message about the current token."""
    word = shown(lexer.word)
    if lexer.kind == Token.PLACEHOLDER:
        return Words(
            "unexpanded placeholder `{word}`. Replace it: {hint}", word=word, hint=expected
        )
    if lexer.kind == Token.END:
        return Words("the file ends here: {hint}", hint=expected)
    if lexer.kind == Token.BAD and lexer.word in CURLY_QUOTES:
        return Words('{word} is a curly quote: use the straight quote "', word=lexer.word)
    if lexer.kind == Token.BAD and lexer.word in "\"'":
        return Words("unterminated string: close it with {quote} on its line", quote=lexer.word)
    if lexer.kind == Token.BAD and lexer.word in _INVISIBLE:
        return Words("invisible character ({name}): remove it", name=_INVISIBLE[lexer.word])
    if lexer.text.startswith("//", lexer.start):
        return Words("a comment starts with `#`: write `#` instead of `//`")
    return Words("found `{word}`: {hint}", word=word, hint=expected)


def expected_value(lexer: Lexer, name: str, sign: str) -> Words:
    """The expectation for a message where the current token is not a value."""
    if lexer.kind == Token.NUMBER:
        plain = lexer.word.replace("_", "")
        if is_number(plain):
            return Words("write {sign}{plain}", sign=sign, plain=plain)
        if hint := unit_for(lexer.word):
            return Words("it is not a number: {hint}", hint=hint)
        return Words("it is not a number: write one such as 0.1 or 1e-3")
    if lexer.is_symbol("]") and not sign:
        return Words("expected a value after the comma. Add it, or remove the comma")
    if name:
        return Words("expected a value after `{name}:`", name=shown(name))
    return Words("expected a value in this list. Add it")
