"""Learning: the public interface of an installed package, as facts in the catalog's schema."""
