"""A scored table in, one page that a manager reads: totals, trends, themes, and who is about to leave."""
