"""Retries written by hand: loops, recursion, and decorators and functions of the repository itself."""
