"""The same systems simulated on the wire, with state."""
