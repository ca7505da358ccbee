"""From summaries to findings: link, propagate and judge, by groups of modules, in one process or several."""
