"""What every function shares. Never imports functions."""
