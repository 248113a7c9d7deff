"""s3transfer: downloads read the body again.

Source: boto/s3transfer 0.19.3 s3transfer/manager.py (num_download_attempts=5), measured; botocore multiplies below it.
"""

from __future__ import annotations

from parsers.facts.python import RetryCondition
from parsers.python.idioms import Amount, RetryIdiom, Role, construct, from_tries, numbered
from parsers.quantities import Count

CONDITION = RetryCondition(causes=("truncated", "timeout"))
DEFAULT = Amount(Count(5))
_CONFIG = numbered(
    "s3transfer.TransferConfig", ("num_download_attempts",), DEFAULT, from_tries, CONDITION, only_given=True
)

S3TRANSFER = RetryIdiom(
    "s3transfer",
    (
        construct(
            ("boto3.s3.transfer.TransferConfig", "s3transfer.manager.TransferConfig"),
            (Role.CLIENT, Role.SITE),
            _CONFIG,
        ),
    ),
)
