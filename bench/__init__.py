"""Measurements of one form, ours and a peer in turn: `python -m bench NAME [--quick] [--json]`."""
