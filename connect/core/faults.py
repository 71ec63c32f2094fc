"""What an action refused, put at the fields of the form that asked for it."""

from django import forms

from connect.core.errors import Invalid


def put_faults(form: forms.BaseForm, error: Invalid) -> None:
    """Add each sentence to its field, or to the form as a whole where it has no such field."""
    for name, says in error.fields.items():
        for sentence in says:
            form.add_error(name if name in form.fields else None, sentence)
