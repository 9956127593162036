"""Families of layers: a folder for each, which holds all that l1ml knows of them. ``family.py`` is their contract.

Nothing is imported here: hls4ml loads its plugins, and so this package, while it is being imported itself.
"""
