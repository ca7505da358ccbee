"""The command: a file for each subcommand, and its options."""
