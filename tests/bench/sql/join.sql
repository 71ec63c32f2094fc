-- The least that a count of members must read.
SELECT count(*)
FROM conversations_subscription s
JOIN conversations_customer c ON c.tenant_id = s.tenant_id AND c.id = s.customer_id
WHERE s.tenant_id = %(tenant)s AND s.conversation_id = %(conversation)s AND s.channel = 'email'
