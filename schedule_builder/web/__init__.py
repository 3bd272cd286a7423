"""The pages for a browser: the report of many schedules, and the editor of one file.

In: sides of a comparison, or a file. Out: one page of HTML that fetches nothing, or a server on
this machine. The sources of what runs in the browser are in `web/`; it is built into `assets/`.
Numbers are computed here alone: the browser only draws them.
"""
