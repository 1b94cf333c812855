"""From the results of a study to its manuscript in HTML, PDF and Word."""

from thyro.report.crate import changed_since
from thyro.report.manuscript import make_report
from thyro.report.published import (
    published_nomograms,
    published_table_2,
)
from thyro.report.render import ReportError
from thyro.report.snapshot import compared, renew

__all__ = [
    "ReportError",
    "changed_since",
    "compared",
    "make_report",
    "published_nomograms",
    "published_table_2",
    "renew",
]
