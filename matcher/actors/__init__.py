"""Who made a call: the caller that an event shows, and the principal behind the credentials that were handed out."""
