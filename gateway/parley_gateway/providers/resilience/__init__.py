"""What stands between sessions and providers in trouble: keys, retries, breakers, fallbacks, a cache of speech."""
