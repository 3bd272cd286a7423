"""The command line: one file for each command, and `app`, which chooses among them.

In: arguments. Out: text on standard output, messages on standard error, an exit code.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments == ["server"]:
        # An editor waits for its first answer, which needs neither the compiler nor an argument
        # parser: they take 130 ms to import, and what answers takes 470 ms.
        try:
            from schedule_builder.language_server.server import main as serve  # noqa: PLC0415 - as above
        except ModuleNotFoundError:
            pass  # The command says which extra is missing.
        else:
            serve()
            return 0
    from schedule_builder.cli import app  # noqa: PLC0415 - as above

    return app.main(arguments)
