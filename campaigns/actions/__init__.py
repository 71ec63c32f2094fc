"""Writes of this app, a verb family a file."""
