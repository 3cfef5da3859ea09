"""The sets of servers there are, by name."""

from collections.abc import Mapping

from infra.local.embedded import EmbeddedStack
from infra.local.local import LocalStack
from infra.local.stack import Stack

STACKS: Mapping[str, type[Stack]] = {stack.name: stack for stack in (EmbeddedStack, LocalStack)}
