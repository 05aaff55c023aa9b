"""The migrations policy, checked from source."""
