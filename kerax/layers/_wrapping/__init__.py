"""Layers around layers, and around modules of others."""
