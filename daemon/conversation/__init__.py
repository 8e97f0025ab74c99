"""Between hearing and runs: what is answered to what a person says."""
