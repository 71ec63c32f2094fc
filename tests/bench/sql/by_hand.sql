-- Who gets the sample campaign, as somebody would write it who knows its rules and writes for this one case.
INSERT INTO bench_message (tenant_id, month, run_id, chunk_id, customer_id, segment_id, language, revision_id,
                           address, domain, not_before, values)
SELECT c.tenant_id, %(month)s, %(run)s, row_number() OVER (ORDER BY c.id) / 200, c.id,
       CASE WHEN c.attributes ->> 'tier' IN ('gold', 'silver') THEN 1 WHEN 'skiing' = ANY (c.interests) THEN 2 END,
       CASE WHEN c.language LIKE 'fr%%' THEN 'fr' ELSE 'en' END, 1,
       c.email_key, split_part(c.email_key, '@', 2), now(),
       jsonb_build_object(
           'attributes', jsonb_build_object(
               'first_name', c.attributes -> 'first_name', 'last_name', c.attributes -> 'last_name',
               'tier', c.attributes -> 'tier', 'points', c.attributes -> 'points',
               'birthday', c.attributes -> 'birthday'),
           'customer', jsonb_build_object(
               'region', c.region, 'country', c.country, 'language', c.language,
               'external_id', c.external_id, 'email', c.email))
FROM conversations_subscription s
JOIN conversations_customer c ON c.tenant_id = s.tenant_id AND c.id = s.customer_id
WHERE s.tenant_id = %(tenant)s AND s.conversation_id = %(conversation)s AND s.channel = 'email'
  AND s.state = 'subscribed' AND c.email_key <> ''
  AND ((c.attributes ->> 'points')::numeric >= 100 OR c.attributes ->> 'tier' = 'gold')
  AND NOT EXISTS (SELECT FROM suppression_entry e
                  WHERE e.tenant_id = %(tenant)s AND e.kind = 'email' AND e.value = c.email_key)
  AND NOT EXISTS (SELECT FROM suppression_entry e
                  WHERE e.tenant_id = %(tenant)s AND e.kind = 'domain' AND e.value = split_part(c.email_key, '@', 2))
ORDER BY c.id
ON CONFLICT DO NOTHING
