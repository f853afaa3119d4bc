"""Every row of the scheduled query is an event that aws.ec2.delete-vpc does not explain."""

def rule(event):
    """The query has judged already."""
    return True

def title(event):
    """What happened, by whom, and where."""
    return f"{event.get('event_name')} by {event.get('principal')} in {event.get('account')} is explained by no cascade"

def dedup(event):
    """One alert an event, by what it is where it has no id."""
    return event.get('event_id') or f"{event.get('event_name')} {event.get('principal')} {event.get('account')} {event.get('event_time')}"
