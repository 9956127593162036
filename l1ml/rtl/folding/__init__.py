"""Reuse factors above 1: the work of a dense layer spread over several clock cycles."""
