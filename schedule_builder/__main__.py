"""`python -m schedule_builder`: the command line."""

import sys

from schedule_builder.cli.app import main

sys.exit(main())
