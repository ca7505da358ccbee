"""What the documentation site says that is made from the program itself: pages and tables in Markdown.

It knows nothing of the site's generator, so that another can take the place of MkDocs (see docs_hooks.py).
"""
