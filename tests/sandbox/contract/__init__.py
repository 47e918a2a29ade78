"""The contract with Langfuse 4.16.0: recorded exchanges, and the same behaviour restated as cases of our own."""
