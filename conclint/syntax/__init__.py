"""The one place that knows the parser: from a file's bytes to a tree with positions."""
