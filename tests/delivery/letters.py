"""The text of the tests' mail: fields, a condition, links, and lines that SMTP must not stumble over."""

SUBJECT = "{{ attributes.first_name }}, Größe & Glück are here"
TEXT = """Hello {{ attributes.first_name }},
.
..
.a line that begins with a dot
Read on: https://shop.northwind.example/guide?c={{ customer.email }}
"""
HTML = """<html><body><h1>Winter</h1>
<p>Hello {% if attributes.first_name %}{{ attributes.first_name }}{% else %}you{% endif %},</p>
.
<p><a href="https://shop.northwind.example/boots">Boots</a> <a href="https://shop.northwind.example/hats">Hats</a></p>
</body></html>
"""
