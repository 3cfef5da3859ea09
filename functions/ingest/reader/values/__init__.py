"""What a single text means: a date, a number, a currency."""
