"""Confirming a change by voice: what is read out, which words confirm it, and what an answer means."""
