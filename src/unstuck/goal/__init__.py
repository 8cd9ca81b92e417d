"""What "learns" means, in one place, fixed before any intervention.

`tasks` tells what kind of targets there are and scores outputs against them; `losses` has the floor,
the baseline and the ladder of the user's own loss; `references` asks plain methods what the data
allows; `yardstick` puts them together into a `Goal`, which is all that others need.
"""

from unstuck.goal.tasks import Task as Task
from unstuck.goal.yardstick import GAP_CLOSED as GAP_CLOSED
from unstuck.goal.yardstick import LEAST_SIGNAL as LEAST_SIGNAL
from unstuck.goal.yardstick import Goal as Goal
from unstuck.goal.yardstick import make_goal as make_goal
