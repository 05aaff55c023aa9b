"""How is a revision proven? Walked up, down and up again, judged, kept."""
