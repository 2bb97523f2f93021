"""The decoding stepper: one turn of the decoding loop at a time, and what happens if something in it is changed."""
