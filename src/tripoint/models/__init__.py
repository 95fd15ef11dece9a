"""Algorithms: arrays in, results out. They know no country, table or file."""
