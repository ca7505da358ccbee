"""What `benchmarks/speed.py` is made of: process trees measured as a whole, tools and corpora at hand."""
