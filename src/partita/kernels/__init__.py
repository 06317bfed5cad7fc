"""Arrays in, arrays out: Numba and NumPy only. Called by the model and the makers; calls no other room."""
