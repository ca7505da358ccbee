"""The configuration of a run: its keys, its file, and what both and the options come to."""
