"""Side by side with the notebook, Keras's example and PyTorch, in one run on the machine at hand: `make bench`.

`__main__.py` says what is compared with what, and reads top to bottom; `measure.py` is how; the other files are the
sides of the comparisons. Each side runs in a process of its own, with its own libraries and number of threads.
"""
