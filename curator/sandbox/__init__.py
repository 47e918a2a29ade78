"""The embedded Langfuse-compatible server: for trying, testing and teaching, never for production."""
