"""The core: turns, history and sentences. No I/O, no clock, no audio; imports nothing of ours."""
