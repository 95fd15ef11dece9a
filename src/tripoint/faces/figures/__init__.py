"""Charts of a reading, one concept a file; each function takes a reading and gives an Altair chart."""
