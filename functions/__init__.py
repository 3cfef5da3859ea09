"""One folder per deployable function; they never import each other."""
