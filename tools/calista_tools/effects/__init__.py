"""What does a revision do? Read from source, on each dialect; nothing is run."""
