"""What the pages share."""

import os
from functools import cache

from streamlit import config, net_util

from pages.parts import under_load

# Before NumPy is loaded, which Streamlit leaves to the pages and a page to its parts. NumPy's threads wait for each
# other in products as small as a decoding step's: on a busy server eight sentences took 350 ms instead of 50.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Asked whether a page of another site may connect, Streamlit would look up this server's address at another company's.
net_util.get_external_ip = lambda: None

# Asked for a setting, as it does for every element that it sends, Streamlit takes one lock for all, and thirty pages
# that were drawn at once stood in line for it. The settings are a dictionary that is read once, at the start.
config.get_option = lambda name: config.get_config_options()[name].value

# The same lock was taken, and all settings gone through, for each part of the theme in each run of a page.
config.get_options_for_section = cache(config.get_options_for_section)

under_load.mend()
