"""What is wrong with a config although every value is fine, and the manual of all findings.

In: a message, its schedule and its run length. Out: findings with the paths of their fields.
Imports `dialects` and what is below.
"""
