"""Which name does an object get in the end, on which dialect, and which one should it have?"""
