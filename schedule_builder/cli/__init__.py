"""The command line: one file for each command, and `app`, which chooses among them.

In: arguments. Out: text on standard output, messages on standard error, an exit code.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import LazyLoader, find_spec, module_from_spec
from typing import NoReturn

INTERRUPTED = 128 + signal.SIGINT
"""The exit code of a command that Ctrl-C ends, as shells have it."""
_COULD_NOT_RUN = 2
_LONGEST = 200
_ISSUES = "https://github.com/schedule-builder/schedule-builder/issues"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code.

    Args:
        argv: the arguments. By default those of the process, which ends when this returns.
    """
    if argv is not None:
        return _run(list(argv))
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        # The user is leaving: neither this line nor the end of Python is to be interrupted again.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if sys.stderr is not None:
            with suppress(OSError):
                sys.stderr.write("schedule-builder: interrupted\n")
        return INTERRUPTED
    except Exception as error:
        if sys.flags.dev_mode or sys.stderr is None:
            raise
        sys.stderr.write(_report(error))
        return _COULD_NOT_RUN
    # All memory ends with the process: there is nothing to collect from it, which takes 10 ms.
    gc.freeze()
    return code


def _report(error: Exception) -> str:
    """What to say of a fault of ours, on one line."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = ""
    if place is not None:
        file = place.tb_frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
        where = f" ({file}:{place.tb_lineno})"
    what = ascii(f"{type(error).__name__}: {error}"[:_LONGEST])[1:-1]
    return (
        f"schedule-builder: internal error: {what}{where}. Please report it at {_ISSUES}, with the"
        " output of the same command under `python -X dev -m schedule_builder`\n"
    )


def _terminate(number: int, frame: object) -> NoReturn:
    """Ends the process as its end does: workers end, and no temporary file stays."""
    raise SystemExit(128 + number)


def _run(arguments: list[str]) -> int:
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
    was_enabled = gc.isenabled()
    # What is imported stays, and looking through it for garbage at every 700th object takes 7 ms.
    gc.disable()
    _import_on_first_use("google.protobuf.internal", "python_message")
    from schedule_builder.cli import app  # noqa: PLC0415 - as above

    if was_enabled:
        gc.enable()
    return app.main(arguments)


def _import_on_first_use(package: str, name: str) -> None:
    """Puts the import of a module off until something is taken from it.

    protobuf imports its implementation in Python, and with it text format, calendars and pickles,
    also where its implementation in C is in use and asks nothing of it: an eighth of a cold start.
    """
    full_name = f"{package}.{name}"
    spec = None if full_name in sys.modules else find_spec(full_name)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = sys.modules[full_name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    # `from PACKAGE import NAME` finds it here, and does not look into the module.
    setattr(import_module(package), name, module)
