"""Dynamic ordinal ideal points: panel, compiled sampler, fit, and what the model leaves between two states."""
