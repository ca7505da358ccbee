"""What the analysis knows, as text for those who work on it: summaries, and what values may be."""
