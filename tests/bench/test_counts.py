"""A warm request takes no more instructions than it did; see counts.py."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import counts  # noqa: E402

# More than counts differ by from run to run, which is some tenths.
TOLERANCE = 1.03


class Counts(unittest.TestCase):
    def test_no_request_became_dearer(self):
        kept, measured = counts.kept(), counts.measure()
        differs = ', '.join(
            '%s %s' % (name, version or 'missing')
            for name, version in counts.versions().items()
            if kept['versions'].get(name) != version)
        if differs:
            print('not comparable, so nothing fails: kept with other '
                  'versions than ' + differs)
        for key, of in counts.summarize(measured).items():
            for part, now in of.items():
                then = kept['counts'][key][part]
                print('%-12s %-5s %9d, kept %9d, %+.1f %%' % (
                    key, part, now, then, 100 * (now / then - 1)))
                with self.subTest(request=key, part=part):
                    if not differs:
                        self.assertLessEqual(
                            now, then * TOLERANCE,
                            'dearer; if it is worth that: '
                            'make bench-check UPDATE=1')
