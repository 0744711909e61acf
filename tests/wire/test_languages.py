"""Searches in many languages, over both protocols."""

import re
import unicodedata
import unittest
import urllib.parse

from gophercase import Case
from server import fetch, gemini, select, wait_until

# Name of the page, its title and text, searches that find it.
PAGES = [
    ('chinese', '我的电脑', '这是一台个人电脑，用来学习Python入门。',
     ['电脑', '个人电脑', '入门', 'python', '脑', '"个人电脑"']),
    ('chinese-cities', '旅行', '我去年去过北京和上海。', ['北京', '上海', '海']),
    ('japanese', '料理', '東京でトマトとひらがなの本を買いました。',
     ['トマト', 'ﾄﾏﾄ', '東京', 'ひらがな', '本']),
    ('korean', '학교', '학교에서 한국어를 배웁니다.', ['학교', '한국어', '한국']),
    ('thai', 'อาหาร', 'ฉันชอบกินข้าวที่โรงเรียนทุกวัน',
     ['ข้าว', 'โรงเรียน', 'กินข้าว']),
    ('khmer', 'ខ្មែរ', 'ខ្ញុំរៀនភាសាខ្មែរនៅសាលា', ['ភាសា', 'សាលា']),
    ('hindi', 'पुस्तकालय', 'मैं किताब पढ़ता हूँ और हिन्दी सीखता हूँ।',
     ['किताब', 'हिन्दी', 'पढ़ता']),
    ('arabic', 'المكتبة', 'قَرَأَ الطَّالِبُ كِتَابًا جديدا',
     ['كتابا', 'كِتَابًا', 'كتــابا', 'الطالب']),
    ('hebrew', 'ספרייה', 'שָׁלוֹם לְכֻלָּם', ['שלום', 'שָׁלוֹם', 'לכלם']),
    ('greek', 'Ελλάδα', 'Η Αθήνα είναι η πρωτεύουσα.',
     ['αθηνα', 'ΑΘΗΝΑ', 'Αθήνα', 'πρωτευουσα']),
    ('russian', 'Лес', 'Весь код лежит на сервере, ёлка в лесу.',
     ['код', 'елка', 'ёлка', 'СЕРВЕРЕ']),
    ('ukrainian', 'Мова', 'Українська мова та її сусіди.', ['українська']),
    ('german', 'Straßen', 'Die Großmutter grüßt die Straßenbahn.',
     ['grossmutter', 'Großmutter', 'strassen', 'STRASSENBAHN']),
    ('polish', 'Łódź', 'Żółty żuk siedzi na źdźble.', ['lodz', 'zolty']),
    ('turkish', 'İzmir', 'Işık ılık bir akşamda yanıyor.',
     ['isik', 'ILIK', 'izmir', 'aksamda']),
    ('azerbaijani', 'Prezident', 'İlham Əliyev Bakıda çıxış etdi.',
     ['Əliyev', 'Aliyev', 'Eliyev', 'bakida', 'cixis']),
    ('vietnamese', 'Đà Nẵng', 'Tôi muốn uống cà phê sữa đá.',
     ['da nang', 'ca phe', 'Đà Nẵng']),
    ('danish', 'Rødgrød', 'På Ærø spiser vi smørrebrød.',
     ['rodgrod', 'aero', 'smorrebrod']),
    ('french', 'Œuvre', 'Le cœur de la forêt.', ['coeur', 'oeuvre', 'foret']),
]
NOT_FOUND = ['东京', 'уж', 'кох', 'ポテト', '컴퓨터', 'ภาษา', 'पानी']


def plain(text):
    """Without spaces: the lines of a menu may break a passage anywhere."""
    return re.sub(r'\s', '', text)


class Languages(Case):
    tree = {'%s.gmi' % name: '# %s\n\n%s\n' % (title, text)
            for name, title, text, _ in PAGES}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wait_until(lambda: 'Not yet' not in fetch(cls.server, '/ask?x').text,
                   'an index')

    def gemini_pages(self, words):
        text = fetch(self.server, '/ask?' + urllib.parse.quote(words)).text
        return text, re.findall(r'^=> /([\w-]+)\.gmi ', text, re.M)

    def gopher_pages(self, words):
        menu = select(self.server, '/ask\t' + words).decode()
        found = re.findall(r'^1[^\t]*\t/([\w-]+)\.gmi\t', menu, re.M)
        shown = re.findall(r'^i> (.*)\t\tnull', menu, re.M)
        return '\n'.join(shown), found

    def test_words_are_found(self):
        for ask in self.gemini_pages, self.gopher_pages:
            for name, _, text, searches in PAGES:
                for words in searches:
                    with self.subTest(ask=ask.__name__, words=words):
                        answer, found = ask(words)
                        self.assertEqual(found[:1], [name], answer)
                        # Nothing within the sentence is changed.
                        self.assertIn(plain(text), plain(answer))

    def test_composed_or_not(self):
        for name, _, _, searches in PAGES:
            for form in 'NFC', 'NFD':
                with self.subTest(name=name, form=form):
                    words = unicodedata.normalize(form, searches[0])
                    self.assertEqual(self.gemini_pages(words)[1][:1], [name])

    def test_raw_in_a_url(self):
        for words in ['个人电脑', 'cà phê sữa', 'Großmutter grüßt']:
            with self.subTest(words=words):
                url = self.server.url('/ask?') + words
                reply = gemini(self.server, url.encode() + b'\r\n')
                self.assertEqual(reply.status, 20)
                self.assertIn('Found for “%s”' % words, reply.text)

    def test_other_words_are_not_found(self):
        for ask in self.gemini_pages, self.gopher_pages:
            for words in NOT_FOUND:
                with self.subTest(ask=ask.__name__, words=words):
                    self.assertEqual(ask(words)[1], [])

    def test_a_sentence_without_spaces(self):
        """The words of a phrase are searched if no page has the phrase."""
        text, found = self.gemini_pages('上海旅行')
        self.assertEqual(found, ['chinese-cities'])
        self.assertIn('No page says “上海旅行”; these come close.', text)


if __name__ == '__main__':
    unittest.main()
