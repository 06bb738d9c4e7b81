"""Sample formats, resampling and voice activity."""
