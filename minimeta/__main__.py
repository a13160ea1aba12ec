"""`python -m minimeta` is the command `minimeta`; read next: cli/main.py."""
from .cli.main import main

if __name__ == "__main__":
    main()
