"""The functions: one endpoint, reaction or sweep in each module, and nothing else."""
