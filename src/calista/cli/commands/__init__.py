"""One module for each kind of command; imported when one of them is run."""
