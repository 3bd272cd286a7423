"""The command line: one file for each command, and `app`, which chooses among them.

In: arguments. Out: text on standard output, messages on standard error, an exit code.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import LazyLoader, find_spec, module_from_spec


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code.

    Args:
        argv: the arguments. By default those of the process, which ends when this returns.
    """
    if argv is not None:
        return _run(list(argv))
    code = _run(sys.argv[1:])
    # All memory ends with the process: there is nothing to collect from it, which takes 10 ms.
    gc.freeze()
    return code


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
