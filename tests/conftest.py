"""What holds for all tests."""

import os

from hypothesis import settings

# How long an example takes is the machine's business: speed is measured in `make bench`. The same examples each
# time, so that a change is what makes a test fail; to look for new ones:
# HYPOTHESIS_PROFILE=search pytest --timeout 0 FILE
settings.register_profile("same", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True, max_examples=2500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
