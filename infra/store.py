"""The object store of a deployment: its bucket, what it announces, and who may do what."""

from collections.abc import Mapping

from common.store_admin import StoreAdmin, function_policies, operator_policy

OPERATOR = "operator"


def prepare(admin: StoreAdmin, bucket: str, *, target: str, secrets: Mapping[str, str]) -> None:
    """Have the bucket, keep versions, announce changes, and give everybody their own rights.

    `secrets` are those of the users, by what they are: a function's name, or the operator.

    Raises:
        TransientError: The store cannot be reached.
        StoreAdminError: It refuses.
    """
    admin.keep_versions()
    admin.announce_to(target)
    for who, secret in secrets.items():
        policy = operator_policy() if who == OPERATOR else function_policies(bucket)[who]
        admin.set_user(key_of(who), secret, policy_name=key_of(who), policy=policy)


def key_of(who: str) -> str:
    """Return the access key of a function, or of the operator."""
    return f"function.{who}" if who != OPERATOR else "datacore.operator"
