"""First steps: what `devos init` asks, and how it writes the answers down."""
