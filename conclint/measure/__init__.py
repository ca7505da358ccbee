"""Whether a callable holds the GIL, measured on the running interpreter and not believed.

Nothing here takes part in a check: it runs the libraries themselves, on data made up for it.
"""
