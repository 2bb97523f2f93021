"""What one student has at hand, how it is kept and handed on."""
