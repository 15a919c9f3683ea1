"""What the API answers with, one room per noun."""
