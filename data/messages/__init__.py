"""The sentences people read when something is wrong, in Chinese and English: `messages.toml`."""
