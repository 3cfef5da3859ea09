"""Ingest: uploads become datasets."""
