import connector.green  # noqa: D100, F401 - before anything else: what is imported after it is cooperative

# isort: split
from connector.main import main

if __name__ == "__main__":
    main()
