"""The gateway: holds spoken conversations over client protocols."""
