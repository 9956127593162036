"""Shared multipliers: other inputs and weights in every clock cycle."""
