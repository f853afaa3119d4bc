"""Whether AWS attests that it made an event itself."""

from ..catalog import Effect


def attested(effect: Effect) -> str | None:
    """The clause by which only AWS can make the effect's event; None where somebody else may."""
    if effect.actor.startswith("service:"):
        return f"actor: {effect.actor}"
    event_type = effect.where.get("eventType")
    if event_type is not None and event_type.equals == "AwsServiceEvent":
        return "where: eventType"
    invoker = effect.where.get("userIdentity.invokedBy")
    if invoker is not None and (invoker.equals or invoker.in_):
        return "where: userIdentity.invokedBy"
    return None
