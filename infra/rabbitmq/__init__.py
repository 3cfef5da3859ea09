"""RabbitMQ: who may log in to the broker, beside the names that `common.messaging.topology` gives."""

import os

from common.events import FUNCTIONS
from common.messaging import topology

STORE_USER = "store"
FUNCTION_USER = "functions"


def definitions(
    *, store_password: str, functions_password: str, vhost: str = topology.VHOST
) -> dict[str, object]:
    """Return topology and users of a virtual host, as RabbitMQ loads them at its start."""
    users = (
        topology.store_user(STORE_USER, store_password),
        topology.function_user(FUNCTION_USER, functions_password, FUNCTIONS),
    )
    return topology.definitions(FUNCTIONS, users, vhost=vhost, salt=os.urandom(4))
