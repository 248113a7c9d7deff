"""From a handler to its steps: functions of the tree followed and put in place, in the order in which they run."""
