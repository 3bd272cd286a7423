"""Settings of all tests."""

import os

from hypothesis import settings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What `validate` shows depends on where it runs.
for _name in ("GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(_name, None)
# Tracing and compiling take their time, and more of it on a busy machine.
settings.register_profile("project", deadline=None)
settings.register_profile("exact", deadline=None, max_examples=10_000)
settings.load_profile("project")
