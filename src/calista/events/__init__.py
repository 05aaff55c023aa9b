"""Events: appended to the store, read from it, checked."""
