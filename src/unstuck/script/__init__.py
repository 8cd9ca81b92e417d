"""The user's source: where an argument is, what an edit is, carrying edits out, the diff.

Only Python source is known here, no Keras and no networks. `source` holds the `Script`, `call`
the calls in it, `layers` the forms in which calls build networks, `classes` models written as
classes, `names` what imports and assignments give a name, `items` the layout between brackets,
`tree` the parsed source, `positions` lines and columns, `edits` the change itself, `comments` what
the script asks of us.

Scripts of other years: `spellings` has the names of then and now, `todays_names` says what a dotted
name is today, `old_spellings` finds in a script what is spelled otherwise today, with the edits of it
that `nodes` make. `dialect` tells which year's spelling a script is in, `modernising` writes today's.
`formatting` lays edits out as the file is.

May import: nothing of unstuck.
Others take: what this file hands out, `dialect`, `formatting`, `modernising`,
`old_spellings`, `spellings`.
"""

from .call import Argument as Argument
from .call import Call as Call
from .comments import Ignore as Ignore
from .comments import ignores as ignores
from .edits import Edit as Edit
from .edits import EditConflict as EditConflict
from .edits import splice as splice
from .positions import Span as Span
from .source import Script as Script
