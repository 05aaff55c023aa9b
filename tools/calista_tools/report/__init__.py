"""What was found, for people: the review checklist and the HTML report."""
