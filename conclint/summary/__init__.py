"""The module summary and how it is read: its records, and the graphs in a body."""
