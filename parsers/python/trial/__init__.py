"""Trial runs: code is executed on paper, bounded, with one call that always fails, to count how often it is made.

This is how a hand-written retry is measured without trusting names: the counter really counts, ``range`` really ends,
and whatever the code does not say is tried both ways.
"""
