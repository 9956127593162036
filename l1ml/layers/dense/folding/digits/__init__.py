"""Digit-serial distributed arithmetic: no multipliers, one digit of every input at a time."""
