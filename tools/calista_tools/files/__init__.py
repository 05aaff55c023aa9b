"""How are files read, written, named and kept, so that nothing is lost and nobody is let in?"""
