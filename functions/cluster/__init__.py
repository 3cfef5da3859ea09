"""Cluster: datasets become segmentations."""
