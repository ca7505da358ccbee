"""The values that every stage speaks in. Frozen, and importing no other stage."""
