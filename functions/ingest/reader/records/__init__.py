"""Where the table is and what its cells are: records with line and byte, split into text."""
