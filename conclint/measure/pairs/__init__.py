"""Each rule's pair of programs, *before* and *after* its recommendation, run and compared.

The programs are our own, in `fixtures/pairs` of the repository and in the installed package; nothing of the
user's is run. Each runs in a process of its own, on the interpreter that runs conclint.
"""
