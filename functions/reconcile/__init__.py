"""Reconcile: announce what no event announced."""
