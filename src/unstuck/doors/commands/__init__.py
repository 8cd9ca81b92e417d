"""The commands of the command line, a file each; `doors/cli.py` puts them together.

A command is a function whose parameters are its switches (`doors.switches`) and which returns its exit
code; `explain` has `checks` with it. `output` is what several of them print and write, `training` what
those that train begin with. On top of a command's file nothing slow is imported: all of them are
imported at every start.
"""
