"""Settings of all tests."""

import os
from pathlib import Path

from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What `validate` shows depends on where it runs.
for _name in ("GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(_name, None)
# Tests that install the package do so elsewhere: the Makefile's relative name has to hold there. An
# address, since pip splits this at spaces.
for _name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"):
    if os.environ.get(_name) and "://" not in os.environ[_name]:
        os.environ[_name] = Path(os.environ[_name]).resolve().as_uri()
# Tracing and compiling take their time, and more of it on a busy machine.
settings.register_profile("project", deadline=None)
settings.register_profile("exact", deadline=None, max_examples=10_000)
settings.load_profile("project")
