"""Experiments: run a task over a dataset, see that the run is whole, compare two runs, decide a release.

Nothing is imported here: `checks` must stay usable without scipy and the SDK.
"""
