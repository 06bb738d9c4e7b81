"""What is kept of sessions after their end, and on its way to where it is kept."""
