"""A lake of events on disk: raw files taken in once each, summed by day, with what became of every row."""
