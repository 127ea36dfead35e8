"""The one-shots of docker-compose.yml, as they run in the image `setup`, and the files that its containers mount."""
