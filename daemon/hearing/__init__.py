"""From sound to an utterance."""
