"""Proving that a fault changes no result."""
