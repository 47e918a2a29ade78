"""The reviewer's terminal: a thin front end over the same functions that the command line calls."""
