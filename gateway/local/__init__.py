"""The local front: every function in one process, behind the same walls that nginx builds in production."""
