"""The one door to torch: the threads are settled before it is loaded.

Two OpenMP threads on two cores slow down three to four times as soon as anything else runs; one
core is left free, and idle threads sleep. Import torch from here, never directly, and only in
modules that are loaded when a job starts.
"""

from __future__ import annotations

import os

from harstudio.learn.fit.threads import thread_count

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch as torch
from torch import Tensor as Tensor
from torch import nn as nn
from torch.nn import functional as functional

torch.set_num_threads(thread_count())
