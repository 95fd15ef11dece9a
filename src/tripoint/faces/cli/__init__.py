"""The command line: results on stdout, progress and errors on stderr.

Importing this loads nothing heavy: what a command needs is imported when it runs, so that ``--help`` is quick.
"""

from tripoint.faces.cli.app import app, main

__all__ = ["app", "main"]
