"""Source: which files there are, what they mention, how they are decoded and parsed."""
