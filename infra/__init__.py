"""What builds, describes and runs Freehold: manifest, images, the local run. Nothing here is imported by a function."""
