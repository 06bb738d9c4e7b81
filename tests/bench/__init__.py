"""The benchmark: the same telephone calls to Parley and to Pipecat, with the same providers, on the same core."""
