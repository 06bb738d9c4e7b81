"""Money: what usage costs, and what may be spent. Pure: no clock, no network, no floats."""
