"""One run, from paths to a report: the stages as calls, and what a report depends on."""
