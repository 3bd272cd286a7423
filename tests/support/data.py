"""The folder of real configs and of other systems' numbers for them, if it is available."""

import os
from pathlib import Path

import pytest
from google import protobuf

DATA = Path(os.environ["SCHEDULE_BUILDER_DATA"]) if "SCHEDULE_BUILDER_DATA" in os.environ else None

needs_data = pytest.mark.skipif(
    DATA is None, reason="SCHEDULE_BUILDER_DATA names no folder with corpus/ and golden/"
)

needs_new_protobuf = pytest.mark.skipif(
    int(protobuf.__version__.split(".")[0]) < 6,
    reason="before version 6, protobuf's own reader takes other numbers and escapes",
)
