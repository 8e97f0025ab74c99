"""The ways to ask a person."""
