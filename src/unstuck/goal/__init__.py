"""What "learns" means, in one place, fixed before any intervention.

`tasks` tells what kind of targets there are and scores outputs against them; `losses` has the floor,
the baseline and the ladder of the user's own loss; `references` asks plain methods what the data
allows; `making` puts them together into a `Goal` (`yardstick`), which is all that others need.

May import: network, result and base.
Others take: `make_goal`, `held_to`, `Goal`, and for a horizon `goal_on_sample` and `begun`; checks also
`rows`, `tasks`, `references` and their like.
"""

from .early import BEGUN as BEGUN
from .early import begun as begun
from .early import goal_on_sample as goal_on_sample
from .making import GAP_CLOSED as GAP_CLOSED
from .making import LEAST_SIGNAL as LEAST_SIGNAL
from .making import held_to as held_to
from .making import make_goal as make_goal
from .tasks import Task as Task
from .yardstick import Goal as Goal
