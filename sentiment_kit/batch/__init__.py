"""Files in, files out: readers, writers and the run between them."""
