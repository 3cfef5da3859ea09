"""What rows say of themselves and of each other: returns, totals, discounts, orders, the end."""
