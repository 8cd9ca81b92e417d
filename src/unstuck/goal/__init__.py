"""What "learns" means, in one place, fixed before any intervention.

`tasks` tells what kind of targets there are and scores outputs against them; `losses` has the floor,
the baseline and the ladder of the user's own loss; `references` asks plain methods what the data
allows; `making` puts them together into a `Goal` (`yardstick`), which is all that others need.
"""

from unstuck.goal.making import GAP_CLOSED as GAP_CLOSED
from unstuck.goal.making import LEAST_SIGNAL as LEAST_SIGNAL
from unstuck.goal.making import make_goal as make_goal
from unstuck.goal.tasks import Task as Task
from unstuck.goal.yardstick import Goal as Goal
