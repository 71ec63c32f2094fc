"""What upper floors may ask about consent, as SQL that they put into their own statements."""


def subscribed(customer: str, conversation: str, channel: str = "'email'") -> str:
    """Write the predicate "this customer is subscribed to this conversation on this channel".

    The arguments are our own column expressions, never a user's words. The tenant's condition comes from row-level
    security and leads the unique index (tenant, conversation, channel, customer) that serves this.
    """
    return (
        "EXISTS (SELECT FROM conversations_subscription consent_"
        f" WHERE consent_.conversation_id = {conversation} AND consent_.channel = {channel}"
        f" AND consent_.customer_id = {customer} AND consent_.state = 'subscribed')"
    )
