"""The door for requests. Here: the local front of `make run`. It carries requests and holds no business rule."""
