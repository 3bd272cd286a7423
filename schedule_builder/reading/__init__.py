"""From the text of a config to a located tree and a bound message.

In: a text and its name. Out: a `Document` whose fields and values have their places, and a protobuf
message that was filled from it, with every finding about syntax, names, types and ranges.
Imports nothing of the package but `diagnostics` and the generated messages.
"""
