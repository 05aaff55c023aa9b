"""What does a step cost a database that is in use?"""
