"""Convolutions over 1, 2 or 3 spatial axes."""
