"""The counter: HTTP and the browser; no rules, no SQL."""
