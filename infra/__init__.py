"""What DataCore runs on."""
