"""What belongs to this process alone: its search path, its signals, its garbage collector,
and what is said when it fails."""
