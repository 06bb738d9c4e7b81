"""Providers for the benchmark: the wire formats of tests/emulators at a cost that hides in the noise, with clocks.

They script no faults. They stand in the load's own process, so that all times are read from one clock.
"""
