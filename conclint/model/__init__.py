"""The values that every stage speaks in. Frozen, and importing nothing else of conclint."""
