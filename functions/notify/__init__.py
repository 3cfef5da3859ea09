"""Notify: tell users what became of their uploads."""
