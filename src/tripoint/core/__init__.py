"""The nouns: states, triads, periods, units, codebooks, series, provenance. Imports nothing of ours but errors."""
