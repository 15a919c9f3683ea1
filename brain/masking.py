"""Personal values as they may be shown to whoever sees the record: enough to tell two apart, not enough to know."""

from __future__ import annotations

PHONE_SHOWN = (3, 4)
IDENTITY_SHOWN = (4, 0)


def masked(field: str, value: str) -> str:
    """A personal field's value, masked: 张**, 138****1234, 4406**********; what is masked already stays as it is."""
    if field == "name":
        return f"{value[:1]}**"
    head, tail = PHONE_SHOWN if field == "phone" else IDENTITY_SHOWN
    hidden = max(len(value) - head - tail, 0)
    return value[:head] + "*" * hidden + (value[-tail:] if tail else "")
