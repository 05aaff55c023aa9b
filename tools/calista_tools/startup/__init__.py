"""What keeps start-up cheap? Each with what it saves."""
