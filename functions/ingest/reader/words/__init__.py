"""What names of columns mean, and the words in them, in nine languages."""
