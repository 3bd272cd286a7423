"""Rules for configs in which every value is valid by itself, and the manual of all findings.

In: a message, its schedule and its run length. Out: findings with the paths of their fields.
Imports `dialects` and what is below.
"""

# isort: off
# These modules register their rules, and those over a run are asked in this order.
from schedule_builder.rules import config_rules as config_rules
from schedule_builder.rules import garden_rules as garden_rules
from schedule_builder.rules import warmup_rules as warmup_rules
from schedule_builder.rules import length_rules as length_rules
from schedule_builder.rules import end_rules as end_rules
from schedule_builder.rules import shape_rules as shape_rules
from schedule_builder.rules import rate_rules as rate_rules
from schedule_builder.rules import policy_rules as policy_rules
# isort: on
