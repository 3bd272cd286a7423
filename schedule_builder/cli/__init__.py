"""The command line: one file for each command, and `app`, which chooses among them.

In: arguments. Out: text on standard output, messages on standard error, an exit code.
"""

from schedule_builder.cli.app import main

__all__ = ["main"]
