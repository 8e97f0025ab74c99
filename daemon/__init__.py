"""The process: hears, asks, runs, speaks."""
