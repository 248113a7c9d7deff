"""Python sources to facts: retries, calls and handlers, with the way from handler to call. Nothing is ever imported."""
