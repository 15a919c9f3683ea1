"""The map room: geometry, regions, placing, map layers; no people, no HTTP."""
