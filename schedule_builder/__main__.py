"""`python -m schedule_builder`: the command line."""

import sys

from schedule_builder.cli import main

sys.exit(main())
