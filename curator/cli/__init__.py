"""The command line: one thin command per action, each a twin of what the TUI does."""
