"""Which findings are reported: selection, confidence, one for each place, comments in the source."""
