"""Transports behind one small interface: how messages reach a function and leave it."""
