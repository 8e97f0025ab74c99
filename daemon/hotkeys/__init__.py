"""The keys that DevOS listens to everywhere: what they are, how they come in, and what they stand for."""
