"""The private corners of Keras that we stand on, each behind one name.

Public Keras has no way to ask a variable for its initialiser, to rebuild a graph with a layer left
out, or to call the step that `fit` compiles. Everything of that kind is here and nowhere else, so
that a new Keras version breaks one package, and its test, tests/network/test_adapter.py, says which
name.

`importing` imports Keras, first of all, `private` what is private in it; `installed` knows Keras
itself, `models` a model as it is, `remaking` how it is made anew, `tracing` what happens while it is
built or traced, `inner_outputs` what passes through its graph, `crossing` which rows its step compares,
`sessions` what a process keeps, `fitting` what `compile` and `fit` are given.
Callers take the names from here.
"""

from . import importing as importing  # isort: skip  before anything that imports Keras
from .crossing import Crossed as Crossed
from .crossing import crossed_rows as crossed_rows
from .fitting import are_arrays as are_arrays
from .fitting import as_arrays as as_arrays
from .fitting import class_weights_as_sample_weights as class_weights_as_sample_weights
from .fitting import compile_config as compile_config
from .fitting import compiled_loss as compiled_loss
from .fitting import decays_selectively as decays_selectively
from .fitting import fresh_metrics as fresh_metrics
from .fitting import is_foreign_dataset as is_foreign_dataset
from .fitting import is_foreign_tensor as is_foreign_tensor
from .fitting import log_names as log_names
from .fitting import monitor_mode as monitor_mode
from .fitting import note_loss as note_loss
from .fitting import note_metrics as note_metrics
from .fitting import optimizer_config as optimizer_config
from .fitting import schedule_of as schedule_of
from .fitting import split_pair as split_pair
from .fitting import stream_kind as stream_kind
from .fitting import with_metrics as with_metrics
from .inner_outputs import through_inner_outputs as through_inner_outputs
from .installed import FUNCTIONAL as FUNCTIONAL
from .installed import INITIALISING as INITIALISING
from .installed import backend_notes as backend_notes
from .installed import downloads as downloads
from .installed import is_input_function as is_input_function
from .installed import is_keras_class as is_keras_class
from .installed import keras_version as keras_version
from .installed import old_preprocessing as old_preprocessing
from .installed import operations as operations
from .installed import optimizer_base as optimizer_base
from .installed import owner as owner
from .models import acts_in_training as acts_in_training
from .models import draws_itself as draws_itself
from .models import fans as fans
from .models import flat_layers as flat_layers
from .models import frozen_weights as frozen_weights
from .models import gives_rows_like as gives_rows_like
from .models import input_structure as input_structure
from .models import is_custom as is_custom
from .models import is_functional as is_functional
from .models import is_model as is_model
from .models import is_plain_functional as is_plain_functional
from .models import layer_outputs as layer_outputs
from .models import optimizers_of as optimizers_of
from .models import output_structure as output_structure
from .models import overrides as overrides
from .models import own_layers as own_layers
from .models import own_objects as own_objects
from .models import own_trainable as own_trainable
from .models import put_before_call as put_before_call
from .models import put_outputs as put_outputs
from .models import read_by as read_by
from .models import run_through_graph as run_through_graph
from .models import stable_paths as stable_paths
from .models import takes_training as takes_training
from .models import tells_its_arguments as tells_its_arguments
from .remaking import carry_statistics as carry_statistics
from .remaking import from_architecture as from_architecture
from .remaking import give_generator as give_generator
from .remaking import own_code_trusted as own_code_trusted
from .remaking import remade as remade
from .remaking import same_lambda as same_lambda
from .remaking import set_layer_argument as set_layer_argument
from .remaking import unseeded_draws_from as unseeded_draws_from
from .scopes import JOURNALS as JOURNALS
from .scopes import current_scope as current_scope
from .scopes import journalled as journalled
from .scopes import scope_with as scope_with
from .scopes import values_of as values_of
from .scopes import variables_read as variables_read
from .sessions import fresh_session as fresh_session
from .sessions import random_state_kept as random_state_kept
from .tracing import BUILDING as BUILDING
from .tracing import adds_itself as adds_itself
from .tracing import adds_losses as adds_losses
from .tracing import answering as answering
from .tracing import array_class as array_class
from .tracing import asks_for_numbers as asks_for_numbers
from .tracing import build_for as build_for
from .tracing import build_on as build_on
from .tracing import is_symbolic as is_symbolic
from .tracing import is_symbolic_length as is_symbolic_length
from .tracing import is_tensor as is_tensor
from .tracing import is_traced as is_traced
from .tracing import noted_updates as noted_updates
from .tracing import only_applied as only_applied
from .tracing import outputs_of as outputs_of
from .tracing import own_losses as own_losses
from .tracing import products_as_sums as products_as_sums
from .tracing import recorded_initializers as recorded_initializers
from .tracing import unfused_recurrence as unfused_recurrence
