"""Fault injection: does verification see a core that is wrong? It knows nothing of data, training or specs."""
