"""Questions before answers: computed from the lesson at hand, and the card that asks them."""
