"""What is measured, against what. Ratios within one run; see README.md."""
