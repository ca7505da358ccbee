"""Linking: names to definitions across modules, values to candidates, call sites to their targets."""
