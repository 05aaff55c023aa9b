"""How is history changed? Squashed, rebased, merged, drawn and exported."""
