"""The record: append-only, signed, provable."""
