"""Routes, one room per noun."""
