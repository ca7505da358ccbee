"""`conclint server`: the language server.

Two processes: one speaks the protocol and never waits for anything else (app, wire, session), the other
analyses (worker, answer), since analysing holds the GIL and would make an editor wait. What passes between
them is in `jobs`.
"""
