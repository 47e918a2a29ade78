"""Widgets: each draws one thing, in plain text from `curator.tui.text`."""
