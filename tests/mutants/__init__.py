"""`make mutants`: change the money core in one small way at a time, and ask the tests of the rules whether they notice."""
