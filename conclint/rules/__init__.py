"""The rules: the decision guide, the judge of its cells, recommendations, and a page for each code."""
