"""The fields that a template may use, and the SQL that freezes exactly those of a customer.

`attributes.<name>`, `preferences.<name>` (declared ones), `interests` (a list of names), and of the customer
`customer.external_id`, `customer.email`, `customer.language`, `customer.country`, `customer.region`, `customer.zone`.
A field that is not set renders as nothing; `{{ attributes.first_name|default("Friend", true) }}` gives it words.
"""

from collections.abc import Sequence

from connect.core.sql import Sql

#: What `customer.` offers: template name → column of `c`.
CUSTOMER_COLUMNS = {
    "external_id": "c.external_id",
    "email": "c.email",
    "language": "c.language",
    "country": "c.country",
    "region": "c.region",
    "zone": "c.zone",
}
#: Names whose parts are declared by the tenant.
DECLARED = ("attributes", "preferences")
ROOTS = frozenset({"customer", "interests", *DECLARED})


def values_sql(fields: Sequence[str]) -> Sql:
    """Write the jsonb expression over `c` that freezes these fields of a customer.

    Shape: `{"attributes": {"tier": …}, "customer": {"region": …}, "interests": […]}` with the asked fields alone.
    Errors: KeyError for a field that no template may use.
    """
    groups: dict[str, list[Sql]] = {}
    for field in sorted(set(fields)):
        root, _, name = field.partition(".")
        if root == "customer":
            groups.setdefault(root, []).append(Sql(f"%s::text, {CUSTOMER_COLUMNS[name]}", (name,)))
        elif root in DECLARED and name:
            groups.setdefault(root, []).append(Sql(f"%s::text, c.{root} -> %s", (name, name)))
        elif field == "interests":
            groups["interests"] = []
        else:
            raise KeyError(field)
    parts = Sql("jsonb_build_object(")
    for position, (root, pairs) in enumerate(groups.items()):
        value = Sql("to_jsonb(c.interests)") if root == "interests" else _object(pairs)
        parts = parts + Sql((", " if position else "") + "%s::text, ", (root,)) + value
    return parts + Sql(")")


def _object(pairs: list[Sql]) -> Sql:
    joined = pairs[0]
    for pair in pairs[1:]:
        joined = joined + Sql(", ") + pair
    return Sql("jsonb_build_object(") + joined + Sql(")")
