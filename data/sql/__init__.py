"""Replayable SQL, in the order of its numbers: roles, functions, triggers, policies, grants last."""
