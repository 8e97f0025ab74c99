"""Wake words of one's own: speech is synthesised, a small classifier learns the word, and its figures are measured."""
