"""How people meet a reading: command line, report, figures, tables. No arithmetic here."""
