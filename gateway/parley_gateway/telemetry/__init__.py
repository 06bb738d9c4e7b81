"""What the process tells those who run it beyond its counters: windows, promises, traces and profiles."""
