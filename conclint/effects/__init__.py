"""The effects of functions, up the call graph, to a fixpoint with one best witness each."""
