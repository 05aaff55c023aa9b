"""What does the database look like now, and what was it just told?"""
