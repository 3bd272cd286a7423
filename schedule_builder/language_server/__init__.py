"""What editors are told: completion, hover, a JSON Schema and the protocol.

In: a text and a position in it. Out: answers of the Language Server Protocol.
"""
