"""The page: server-rendered, readable without scripts, in both languages and both themes."""
