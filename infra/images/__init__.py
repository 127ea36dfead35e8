"""Container images through the engine's API: ours from the Dockerfile, and local ones where no registry can be reached.

Not here: what is in an image (the Dockerfile and the scripts beside this file), and running them (docker-compose.yml).
"""
