"""The generator: what is derived from the declarations of the functions, and kept in the repository.

`python -m infra.manifest` writes it, `python -m infra.manifest --check` fails when a file has drifted. Nobody edits the
generated files; after a rebase, generate them anew.
"""
