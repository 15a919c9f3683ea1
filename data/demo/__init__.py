"""The demo city: generated from a seed, fictional but for the public names and codes of its upper tiers."""
