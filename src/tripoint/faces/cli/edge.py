"""Where a failure becomes one message on stderr and an exit code.

0: all is well. 1: the data, the disk or the analysis failed. 2: the question was wrong. 130: interrupted. 141: nobody
reads the output any more.
"""

import os
import sys
import traceback
from contextlib import suppress
from typing import Any

import typer
from typer.core import TyperCommand

from tripoint.errors import TripointError

FAILED = 1
INTERRUPTED = 130
UNREAD = 141


class Command(TyperCommand):
    """A command that ends in a result, or in one message and an exit code; never in a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:
            leave_stdout()
            raise typer.Exit(UNREAD) from None
        except KeyboardInterrupt:
            complain("interrupted; nothing was changed", prefix="")
            raise typer.Exit(INTERRUPTED) from None
        except TripointError as error:
            raise _ended(error, str(error), error.exit_code) from None
        except OSError as error:
            leave_stdout()
            raise _ended(error, said(error), FAILED) from None
        except Exception as error:  # noqa: BLE001 - the last place to turn a fault of ours into a message
            raise _ended(error, _unforeseen(error), FAILED) from None
        return result


def complain(message: str, prefix: str = "tripoint: ") -> None:
    """Write one message to stderr."""
    with suppress(OSError):
        typer.echo(prefix + message, err=True)


def _ended(error: Exception, message: str, code: int) -> typer.Exit:
    if os.environ.get("TRIPOINT_DEBUG") == "1":
        traceback.print_exception(error)
    complain(message)
    return typer.Exit(code)


def said(error: OSError) -> str:
    """What the operating system said, and about which file."""
    place = f": '{error.filename}'" if error.filename else ""
    return f"{error.strerror or error}{place}"


def _unforeseen(error: Exception) -> str:
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return (
        f"something went wrong that should not have: {said}\n"
        "This is a fault of tripoint. Please report it with the command that you gave, what `tripoint --version` says "
        "and the output of the same command with TRIPOINT_DEBUG=1 set before it."
    )


def leave_stdout() -> None:
    """Point stdout to nowhere: what is still in its buffer would fail again when the process ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
