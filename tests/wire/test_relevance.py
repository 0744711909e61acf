"""Questions in other words than the article's: is the right page found?

The shares that are held to are the promise; `--scores` prints what each
wording got.
"""

import os
import re
import sys
import unittest
import urllib.parse

from rewordings import REWORDINGS
from server import TOP, Server, fetch, wait_until

SHIPPED = os.path.join(TOP, 'capsule')
FIRST, AMONG_THREE = 0.84, 0.91


def found(server, words):
    """The paths of the pages that are listed, the best first."""
    page = fetch(server, '/ask?' + urllib.parse.quote(words)).text
    return re.findall(r'^=> (\S+)', page.partition('\n\n')[2], re.M)[:-2]


def is_indexed(server):
    return not fetch(server, '/ask?capsule').text.startswith('# Not yet')


class Relevance(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(SHIPPED)
        cls.addClassCleanup(cls.server.stop)
        wait_until(lambda: is_indexed(cls.server), 'an index')
        cls.places = {
            words: cls.place(page, words)
            for page, wordings in REWORDINGS.items() for words in wordings}

    @classmethod
    def place(cls, page, words):
        """Where the right page stands, from 0, or None."""
        path = '/qa/%s.gmi' % page
        paths = found(cls.server, words)
        return paths.index(path) if path in paths else None

    def share(self, places):
        right = [place for place in self.places.values() if place in places]
        return len(right) / len(self.places)

    def test_first(self):
        self.assertGreaterEqual(self.share([0]), FIRST, self.places)

    def test_among_the_first_three(self):
        self.assertGreaterEqual(
            self.share([0, 1, 2]), AMONG_THREE, self.places)

    def test_the_questions_as_they_stand(self):
        for page in REWORDINGS:
            with open(os.path.join(SHIPPED, 'qa', page + '.gmi'),
                      encoding='utf-8') as file:
                question = file.readline().lstrip('# ').strip()
            with self.subTest(question=question):
                self.assertEqual(self.place(page, question), 0)

    def test_the_table_is_what_it_says(self):
        self.assertEqual(len(REWORDINGS), 9)
        for page, wordings in REWORDINGS.items():
            with self.subTest(page=page):
                self.assertGreaterEqual(len(set(wordings)), 4)


def show_scores():
    Relevance.setUpClass()
    for words, place in Relevance.places.items():
        print('%4s  %s' % ('-' if place is None else place + 1, words))
    test = Relevance()
    print('first %.0f %%, among three %.0f %%, of %d' % (
        100 * test.share([0]), 100 * test.share([0, 1, 2]),
        len(Relevance.places)))
    Relevance.doClassCleanups()


if __name__ == '__main__':
    if sys.argv[1:] == ['--scores']:
        show_scores()
    else:
        unittest.main()
