"""The user's source: where an argument is, what an edit is, carrying edits out, the diff.

Only Python source is known here, no Keras and no networks. `source` holds the `Script`, `call`
the calls in it, `layers` the forms in which calls build networks, `classes` models written as
classes, `names` what imports and assignments give a name, `items` the layout between brackets,
`tree` the parsed source, `positions` lines and columns, `edits` the change itself, `comments` what
the script asks of us. `modern` tells which year's spelling a script is in and writes today's, from
the names in `spellings`.

May import: nothing of unstuck.
Others take: what this file hands out, `modern`, `spellings`.
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
