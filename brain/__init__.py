"""The office: decisions; one use case is one function is one transaction."""
