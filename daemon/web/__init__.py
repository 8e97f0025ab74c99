"""The dashboard: runs, questions, the record, the rules and the health of one DevOS, on this machine only."""
