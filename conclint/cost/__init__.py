"""What a function computes: how often its loops run, and how much that is."""
