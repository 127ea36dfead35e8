"""`make prove`: the promises about money, tried at a larger size than in `make test`, and one table at the end."""
