"""From text to an intent with typed slots, or a clear no."""
