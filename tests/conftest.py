"""What holds for all tests."""

from hypothesis import settings

# How long an example takes is the machine's business: speed is measured in `make bench`.
settings.register_profile("parley", deadline=None, print_blob=True)
settings.load_profile("parley")
