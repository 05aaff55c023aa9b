"""From a message to a rendered, formatted and checked revision file."""
