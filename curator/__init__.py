"""curator: turns reviewed LLM failures from Langfuse into regression tests."""

__version__ = "0.1.0"
