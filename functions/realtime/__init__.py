"""Live updates: the right to open a socket. The socket itself is the relay's."""
