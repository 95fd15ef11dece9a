"""``python -m tripoint`` is the command ``tripoint``."""

from tripoint.faces.cli import main

if __name__ == "__main__":
    main()
