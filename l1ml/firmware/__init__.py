"""Folders that a firmware engineer takes over: sources, Vivado and Vitis projects, IP."""
