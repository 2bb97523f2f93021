"""The parts of the page Model."""
