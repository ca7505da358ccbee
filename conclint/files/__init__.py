"""Files and folders that may be anybody's: read within bounds, written only where they are conclint's own."""
