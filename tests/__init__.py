"""Tests of Freehold. A package, because a library that we need installs one of this name too."""
