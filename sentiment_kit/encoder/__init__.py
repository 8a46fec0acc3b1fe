"""From text to probabilities: tokens, windows, and the networks that score them."""
