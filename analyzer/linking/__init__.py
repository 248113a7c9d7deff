"""Facts to mesh: which workloads and services there are, who calls whom, and by which operation."""
