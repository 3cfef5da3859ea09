"""What whole columns of dates and numbers show, and what that settles."""
