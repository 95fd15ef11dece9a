"""One self-contained HTML report per reading: `write_report`."""

from tripoint.faces.report.page import render_report, write_report

__all__ = ["render_report", "write_report"]
