#!/usr/bin/python3
"""A CGI program in Python as its author would write it: a form and a page."""
import os
from urllib.parse import unquote

query = os.environ['QUERY_STRING']
if not query:
    print('10 A word to count')
else:
    word = unquote(query)
    print('20 text/gemini')
    print('# %s' % word)
    print('%d letters' % len(word))
    print('=> . Another word')
