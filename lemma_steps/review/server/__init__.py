"""A real Argilla server in one process, in an environment of its own: SQLite, in-process search and jobs."""
