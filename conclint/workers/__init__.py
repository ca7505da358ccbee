"""Processes that conclint starts: they import nothing of the analysed project, and end when conclint does.

`multiprocessing` promises neither. Its fork server and resource tracker run as `python -c`, with the working
folder first on their path; its workers wait for ever once their parent was killed; and its semaphores are
reported as leaked when a run is interrupted. Pipes need no semaphores, and are closed whichever way a process
ends.
"""
