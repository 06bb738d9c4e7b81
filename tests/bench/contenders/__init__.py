"""Who is compared: how each is configured and started. All know the providers' ports and the mode alone."""
