"""The limits, and the range of every setting: what a small server can bear, and what people can still follow.

The defaults stand with the settings, in lesson.py, and those that suit a number of pairs in
classroom/supplied_lessons.py. What a training and a worker may take is in classroom/memory.py. What depends on the
machine is a setting of the environment; the others depend on people, and on what was kept and has to be read again.
"""

import os

# --- Students --------------------------------------------------------------------------------------------------------

# Who look at the app at once, a setting of whoever runs this; 0 is any number. A machine that has too many gets slower
# before it fails, and how many it serves well nobody can say who does not know it.
MAX_STUDENTS = int(os.environ.get("SEQ2SEQ_MAX_STUDENTS", "0"))

# --- Pairs and files of them -----------------------------------------------------------------------------------------

# The public English–French file of 76,000 pairs fits and loads in about a second. Far more would take a small server's
# memory from the rest of a class, and hours to train.
MAX_PAIRS = 80_000
# Characters of one sentence, enough for a long one. Every sentence is padded to the longest, so a single one of 10,000
# characters would make all of them that long.
MAX_CHARACTERS = 300
# 80,000 lines with long sentences, and with the attribution that the public files carry, are about 15 MB.
MAX_FILE_BYTES = 20 * 1024**2
# What is too long for a sentence, and more rows than can be used, are kept as well, to be mended; but not without end.
MAX_TYPED = 20_000  # characters of a cell
MAX_ROWS = 100_000  # of a table
MAX_NAME = 300  # characters of a name
MAX_COLUMNS = 50  # of a file; one of more is another kind of file
# What reading a workbook may take, in a process of its own. One of 76,000 pairs takes 0.2 GB and 2 seconds.
MAX_WORKBOOK_BYTES = 2**30
MAX_WORKBOOK_SECONDS = 20
MAX_PICTURE_SECONDS = 60  # that a chart may take as a picture; alone one takes two
MAX_PICTURES = 2  # that are drawn at once, each in a process of 80 MB; others wait

# --- Settings of the model and the training --------------------------------------------------------------------------

SETTING_RANGES = {  # setting: (least, most); only whole numbers where these are written as such
    "hidden_size": (1, 512),
    "epochs": (1, 10_000),
    "batch_size": (1, 4096),
    "learning_rate": (0.0001, 1.0),
    "patience": (0, 10_000),
    "seed": (0, 2**31 - 1),
    "clip_norm": (0.0, 1e6),
    "held_out": (0.0, 0.5),
}

# Of a model. First weights are drawn by whoever looks at a page, in the web process: of so many in 0.5 GB for a moment.
# With 256 units that is a vocabulary of some ten thousand words on either side.
MAX_PARAMETERS = 32_000_000

# --- Memory and time -------------------------------------------------------------------------------------------------

MAX_DENSE_BYTES = 2**30  # more than this in one-hot tensors is refused before any of it is allocated
MAX_EVALUATED = 100  # sentences of a sample, and at once; more would hold up the training, and say little more
MAX_EVALUATION_WORK = 6e9  # multiplications at once, a third of a second: so long a slice or a page waits for them
MAX_CHECKPOINT_BYTES = 32 * 2**20  # of a run: 40 checkpoints of a class's models, eleven of the largest suggested
UNWATCHED_SECONDS = 600  # a run that nobody has looked at for so long rests, or closed laptops would train for ever

# --- Sentences that are encoded to be compared -----------------------------------------------------------------------

MAX_ENCODED = 3000  # of a lesson, spread evenly; so many take a model of 256 units a second or more
MAX_ENCODED_LIVE = 300_000  # tokens × units for one redraw while the model trains: a thirtieth of a second
MAX_MAPPED = 300  # on the map; more points could not be told apart

MAX_STEPS = 300  # of a translation, that can be asked for

# --- What a student keeps --------------------------------------------------------------------------------------------

MAX_RUNS = 12  # of a session; of those that rest an untrained one is dropped, else the oldest
MAX_UNDO = 50  # steps back
MAX_UNDO_ROWS = 4 * MAX_PAIRS  # of all tables that Undo can bring back
MAX_RESTING_CHECKPOINT_BYTES = 32 * 2**20  # of all runs of a session but the current one

# --- A lesson file ---------------------------------------------------------------------------------------------------

# Two trainings of 256 units with all the epochs that are kept of them. It lies in memory while it is read.
MAX_LESSON_FILE_BYTES = 100 * 2**20
# A dozen runs with 40 checkpoints each and 10,000 epochs, a hundred to a part, have 1,700.
MAX_LESSON_PARTS = 2500
# Of all tables and histories, unpacked: two tables of 80,000 sentences, or 100,000 epochs. Unpacking takes twice the
# size for a moment.
MAX_LESSON_TEXT_BYTES = 20 * 2**20
MAX_LESSON_ROWS = 2 * MAX_PAIRS  # of all tables; checking 80,000 takes half a second
