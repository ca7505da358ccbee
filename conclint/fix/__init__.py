"""Findings mended: edits of several fixes settled, files rewritten."""
