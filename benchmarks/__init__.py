"""Speed, measured against peers in one run. Not tests: figures depend on the machine, ratios less so."""
