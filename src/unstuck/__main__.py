"""`python -m unstuck` is `unstuck`."""

from unstuck.doors.entry import main

if __name__ == "__main__":  # processes that we start import this file under another name
    main()
