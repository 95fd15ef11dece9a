"""Tables to series: every measure for everyone at once, in array code."""
