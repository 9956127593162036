"""What each of l1ml's own layers computes in fixed point: NumPy functions on integers, which C++ and RTL must equal.

One module for each layer, of the name that it has in ``l1ml.hls.layers``. Neither Keras nor hls4ml is needed here.
"""
