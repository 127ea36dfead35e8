"""The books as a whole: what is held, what is late, whether all of it adds up."""
