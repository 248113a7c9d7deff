"""Turn a repository's manifests and Python sources into typed facts: what is written, and where.

Depends on nothing in ``analyzer``. Everything exported here is immutable.
"""
