"""The cache folder: what is kept in it, and how it is laid out on disk."""
