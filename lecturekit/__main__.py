"""`python -m lecturekit` is the command `lecturekit`."""

from lecturekit.cli import main

if __name__ == "__main__":
    main()
