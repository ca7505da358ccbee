"""What conclint knows of libraries: data files, their schema, and the look-up that linking asks.

See `README.md` in this folder for how a file is written.
"""
