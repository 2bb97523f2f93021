"""What the pages share."""

import os

# Before NumPy is loaded, which Streamlit leaves to the pages and a page to its parts. NumPy's threads wait for each
# other in products as small as a decoding step's: on a busy server eight sentences took 350 ms instead of 50.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
