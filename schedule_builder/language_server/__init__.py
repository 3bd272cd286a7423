"""The language server for editors, and the JSON Schema of configs.

In: a text and a position in it. Out: answers of the Language Server Protocol.
"""
