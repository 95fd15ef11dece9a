"""Tables and vintages by name, on disk: corrections, checks, hashes, atomic writes."""
