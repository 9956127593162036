"""The errors that l1ml raises for its users."""

from __future__ import annotations


class L1mlError(Exception):
    """A mistake or a shortage that the user can mend.

    The message is one line that says what is wrong, where, and how to mend it. The command line
    prints it and exits with code 1; any other exception is a bug in l1ml.
    """
