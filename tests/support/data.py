"""Where real configs and other systems' numbers for them are, if they are here."""

import os
from pathlib import Path

import pytest

DATA = Path(os.environ["SCHEDULE_BUILDER_DATA"]) if "SCHEDULE_BUILDER_DATA" in os.environ else None

needs_data = pytest.mark.skipif(
    DATA is None, reason="SCHEDULE_BUILDER_DATA names no folder with corpus/ and golden/"
)
