"""`python -m schedule_builder`: the command line."""

import os
import sys


def _leave_current_folder() -> None:
    """Takes no module or plugin from the current folder, where `python -m` looks first.

    It may be a stranger's. The folder of this package itself stays: a checkout of the project.
    """
    try:
        first, here = os.path.realpath(sys.path[0] or os.curdir), os.path.realpath(os.curdir)
    except OSError:
        return  # The folder was removed: nothing can be taken from it.
    is_first = not getattr(sys.flags, "safe_path", False) and first == here
    own = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 - no import
    if is_first and first != own:
        del sys.path[0]


_leave_current_folder()

from schedule_builder.cli import main  # noqa: E402 - as above

sys.exit(main())
