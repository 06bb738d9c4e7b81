"""The clusters that `make run` can use: one file for each way to have one."""
