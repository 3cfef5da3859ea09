"""Run the AWS set-up with the settings of the environment: `python -m infra.aws`."""

from common.settings import Settings
from infra.aws import set_up

if __name__ == "__main__":
    set_up(Settings())
