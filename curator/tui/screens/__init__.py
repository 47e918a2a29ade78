"""Screens: one file each, its layout in the style sheet of the same name."""
