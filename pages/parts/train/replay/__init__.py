"""A training played back: the losses, and what the model said by then."""
