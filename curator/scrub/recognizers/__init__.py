"""One recognizer per file. Importing this package imports presidio: only the worker does."""
