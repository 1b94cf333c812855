"""Printed numbers of a publication, recomputed: what they imply, and where they contradict."""

from thyro.audit.audits import GENERIC, OWN, Audited, audit, audit_file
from thyro.audit.contrasts import printed_contrasts, run_contrasts
from thyro.audit.counts import Matrix, search
from thyro.audit.finding import CANNOT_TELL, CONSISTENT, INCONSISTENT, NOT_PRINTED
from thyro.audit.printed import NotPrinted, Printed, read

__all__ = [
    "CANNOT_TELL",
    "CONSISTENT",
    "GENERIC",
    "INCONSISTENT",
    "NOT_PRINTED",
    "OWN",
    "Audited",
    "Matrix",
    "NotPrinted",
    "Printed",
    "audit",
    "audit_file",
    "printed_contrasts",
    "read",
    "run_contrasts",
    "search",
]
