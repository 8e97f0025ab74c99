"""The `devos` commands, a file for each group."""
