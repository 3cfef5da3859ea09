"""Which of the file's columns is which of ours, and what is no list of purchases."""
