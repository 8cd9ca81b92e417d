"""What several formats say, as text: the blocks of a report, and numbers in words."""
