"""Print what the broker loads at its start: `python -m infra.rabbitmq > definitions.json`."""

import json
import sys

from common.settings import Administration
from infra.rabbitmq import definitions

if __name__ == "__main__":
    known = Administration()
    content = definitions(
        store_password=known.rabbitmq_store_password.get_secret_value(),
        functions_password=known.rabbitmq_functions_password.get_secret_value(),
    )
    json.dump(content, sys.stdout)
