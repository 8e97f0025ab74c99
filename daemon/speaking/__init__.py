"""What DevOS says aloud: rendered, played in order, cut off at once, and told apart from what a person says."""
