"""Services that every room may use: errors, parameter rules, progress, threads, memory, rng streams."""
