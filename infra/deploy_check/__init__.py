"""What would go wrong when a stack file is deployed, said before it is: `python -m infra.deploy_check`.

Read as `faas-cli` reads it, held against a schema of the file, what Kubernetes and containerd take, the limits of an edition
of OpenFaaS, and what Freehold's own parts need. Nothing is called over the network. Where a limit comes from:
docs/operations.md.
"""
