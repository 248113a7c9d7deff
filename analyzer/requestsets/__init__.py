"""Exact reasoning over sets of requests: patterns of strings, conditions over a request's attributes, and questions.

A policy becomes a condition (``conditions``) over attributes, each held against finitely many patterns (``patterns``).
Strings that the same patterns match are one class (``classes``), so that finitely many requests stand for all of them:
"is it decided", "is this wider than that, and by which request" (``questions``) are exact, not sampled.
Nothing here knows a mesh.
"""
