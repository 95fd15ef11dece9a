"""Raw event files of GDELT, ICEWS and POLECAT: who did what to whom, added up, with every dropped row accounted for."""

from tripoint.sources.events.drops import REASONS, FileReport
from tripoint.sources.events.scan import DayScan, Scan, scan_days, scan_files

__all__ = ["REASONS", "DayScan", "FileReport", "Scan", "scan_days", "scan_files"]
