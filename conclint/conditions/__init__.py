"""Under which conditions a place in a function is reached: tests, handlers, arguments, first times."""
