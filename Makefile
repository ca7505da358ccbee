# Everything that CI checks, in the Python environment of the caller: make check PYTHON=.venv/bin/python
PYTHON ?= python3

.PHONY: check test lint

check: test lint

test:
	$(PYTHON) -m pytest

lint:
	.ci/lint $(PYTHON)
