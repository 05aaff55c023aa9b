"""What need not be read or judged again? All that the lint keeps from one run to the next."""
