"""Layers on images: sizes, places, light, colours, mixtures."""
