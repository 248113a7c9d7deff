"""Helm charts, rendered with their own default values as far as those decide.

Source: Go ``text/template``; Helm's and sprig's functions that manifests commonly use. Nothing is executed: no
``lookup``, no files, no cluster. A value that only an installation knows stays unknown, and each place that needs one
is reported.
"""

from parsers.helm.charts import Charts, Rendered

__all__ = ["Charts", "Rendered"]
