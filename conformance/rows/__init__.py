"""The rows of a CI matrix, after they have run: which conform, which don't, which never ran.

A row is one machine's run: an operating system, a Python, versions of the frameworks. Its records
come here as a folder of the row's name; what people read is a table, and one issue a failing row.
"""
