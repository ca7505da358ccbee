"""The concurrency map: execution models, carried down the call graph from where code starts."""
