"""Reads what fixtures expect, runs conclint on them in every mode, and compares."""
